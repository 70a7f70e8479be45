/** The receipt's rows of layers: what was pruned of each, or why nothing was. */
import type { ModelFile } from '../models/model.ts'
import type { StoredTensor } from '../models/tensor.ts'
import type { Plan, SkippedTensor } from '../pruning/plan.ts'
import type { PrunedTensor } from '../pruning/prune.ts'
import { countZeros } from '../pruning/sparse.ts'
import type { ReceiptLayer } from './receipt.ts'

/** One row per layer with weights: what was pruned of it, or why nothing was. `zeros`, by key, of tensors that were counted before; the others are read. */
export async function layerRows (
  model: ModelFile, plan: Plan, pruned: readonly PrunedTensor[], tensors: ReadonlyMap<string, StoredTensor>, zeros: ReadonlyMap<string, number> = new Map()
): Promise<ReceiptLayer[]> {
  const zerosOf = async (key: string): Promise<number> => zeros.get(key) ?? await zerosIn(tensors.get(key)!)
  const rows: ReceiptLayer[] = []
  for (const { path, className } of model.layers) {
    const mine = pruned.filter(({ layer }) => layer === path)
    const skipped = plan.skip.filter(({ layer }) => layer === path)
    if (mine.length > 0) rows.push(prunedRow(path, className, mine))
    else if (skipped.length > 0) rows.push(await skippedRow(path, className, skipped, zerosOf))
  }
  return rows
}

async function zerosIn (tensor: StoredTensor): Promise<number> {
  let zeros = 0
  for await (const values of tensor.chunks()) zeros += countZeros(values)
  return zeros
}

function prunedRow (name: string, type: string, tensors: readonly PrunedTensor[]): ReceiptLayer {
  const weights = tensors.reduce((sum, tensor) => sum + tensor.weights, 0)
  const zeros = tensors.reduce((sum, tensor) => sum + tensor.zeros, 0)
  const asked = new Set(tensors.map((tensor) => tensor.asked))
  return { name, type, weights, nonzeros: weights - zeros, asked: asked.size === 1 ? tensors[0]!.asked : null, achieved: zeros / weights, kept: weights - zeros }
}

async function skippedRow (name: string, type: string, skipped: readonly SkippedTensor[], zerosOf: (key: string) => Promise<number>): Promise<ReceiptLayer> {
  const prunable = skipped.filter((tensor) => tensor.prunable)
  const weights = prunable.reduce((sum, tensor) => sum + tensor.weights, 0)
  let zeros = 0
  for (const { key } of prunable) zeros += await zerosOf(key)
  const reasons = new Set((prunable.length > 0 ? prunable : skipped).map(({ reason }) => reason))
  return { name, type, weights, nonzeros: weights - zeros, asked: null, achieved: weights === 0 ? 0 : zeros / weights, kept: weights - zeros, skipped: [...reasons].join('; ') }
}
