/** The result of a method that trained: which tensors differ, in the type they are stored in, and what is zero before and after. */
import { roundedTo } from '../../models/formats/encode.ts'
import type { StoredTensor } from '../../models/tensor.ts'
import type { Plan } from '../../pruning/plan.ts'
import type { PrunedTensor } from '../../pruning/prune.ts'
import { countZeros } from '../../pruning/sparse.ts'
import { EspalierError } from '../../errors.ts'
import type { MethodContext, MethodResult } from '../method.ts'
import { layerRows } from '../layer-rows.ts'
import type { TrainedModel } from './train-model.ts'

export interface ResultPlan {
  readonly plan: Plan
  /** The sparsity asked of the layer of a weight; null where layers share one budget. */
  asked (name: string): number | null
}

/** Throws `nothing-pruned` when the weights are what they were. */
export function assertChanged ({ changes }: MethodResult, { record }: TrainedModel): void {
  if (changes.size > 0) return
  throw new EspalierError('nothing-pruned', `no weight changed in ${record.steps} steps: the gradients are zero, or too small for the weights' precision`)
}

export async function trainedResult ({ model }: MethodContext, { weights, record }: TrainedModel, { plan, asked }: ResultPlan): Promise<MethodResult> {
  const tensors = new Map(model.layers.flatMap((layer) => layer.weights.map(({ tensor }) => [tensor.key, tensor])))
  const changes = new Map<string, Float32Array>()
  for (const [key, values] of weights) {
    const tensor = tensors.get(key)!
    const stored = roundedTo(values, tensor.type)
    if (!equal(stored, await tensor.read())) changes.set(key, stored)
  }
  const counted: PrunedTensor[] = []
  for (const { key, name, layer, weights: count } of plan.prune) {
    const zerosBefore = await zerosOf(tensors.get(key)!)
    const changed = changes.get(key)
    counted.push({ name, layer, weights: count, asked: asked(name), zerosBefore, zeros: changed === undefined ? zerosBefore : countZeros(changed), threshold: null })
  }
  const sum = (of: (tensor: PrunedTensor) => number): number => counted.reduce((total, tensor) => total + of(tensor), 0)
  return {
    changes,
    layers: await layerRows(model, plan, counted, tensors),
    pool: { weights: sum((tensor) => tensor.weights), zerosBefore: sum((tensor) => tensor.zerosBefore), zeros: sum((tensor) => tensor.zeros) },
    competed: counted.map(({ name }) => name),
    threshold: null,
    training: record,
  }
}

async function zerosOf (tensor: StoredTensor): Promise<number> {
  let zeros = 0
  for await (const values of tensor.chunks()) zeros += countZeros(values)
  return zeros
}

function equal (a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, at) => Object.is(value, b[at]))
}
