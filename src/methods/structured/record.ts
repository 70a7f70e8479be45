/** What a receipt says of channels that went: by group, and by layer. */
import type { ModelFile, ModelLayer } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { MethodResult } from '../method.ts'
import type { ReceiptLayer, StructureRecord } from '../receipt.ts'
import type { CoupledModel } from './channels.ts'

/** `gone`: roots of channels. */
export function structureRecord ({ groups }: CoupledModel, gone: ReadonlySet<number>): StructureRecord {
  const rows = groups.map(({ name, makers, layers, channels, size, frozen }) => {
    const lost = channels.filter(({ root }) => gone.has(root)).reduce((sum, { places }) => sum + places, 0)
    return { name, makers: [...makers], layers: [...layers], before: size, after: size - lost, ...(frozen.length > 0 && { kept: [...frozen] }) }
  })
  const before = rows.reduce((sum, row) => sum + row.before, 0)
  return {
    channels: { before, removable: groups.reduce((sum, { channels }) => sum + channels.reduce((own, { places }) => own + places, 0), 0), after: rows.reduce((sum, row) => sum + row.after, 0) },
    groups: rows,
  }
}

/** Of several cuts one after the other: the groups of the first, as the last left them. */
export function mergedRecord (cuts: ReadonlyArray<{ readonly coupled: CoupledModel, readonly gone: ReadonlySet<number> }>): StructureRecord {
  const [first, ...others] = cuts.map(({ coupled, gone }) => structureRecord(coupled, gone))
  const last = others.at(-1) ?? first!
  const after = new Map(last.groups.map((group) => [keyOf(group), group.after]))
  const groups = first!.groups.map((group) => ({ ...group, after: after.get(keyOf(group)) ?? group.after }))
  return { channels: { ...first!.channels, after: last.channels.after }, groups }
}

/** Groups keep their name and their makers from cut to cut. */
function keyOf ({ name, makers }: StructureRecord['groups'][number]): string {
  return [name, ...makers].join('\n')
}

/** What is to be said of the groups that lost some. */
export function channelNotes ({ groups }: CoupledModel, gone: ReadonlySet<number>): string[] {
  return [...new Set(groups.filter(({ channels }) => channels.some(({ root }) => gone.has(root))).flatMap(({ name, notes }) => notes.map((note) => `of the channels of ${name}, some went: a layer ${note}`)))]
}

/** Prunable weights of each layer before and after; those that are no more count as achieved. */
export async function channelRows ({ model, groups, shares }: CoupledModel, after: ModelFile, share: number | null): Promise<Pick<MethodResult, 'layers' | 'pool'>> {
  const made = new Map(after.layers.map((layer) => [layer.path, layer]))
  const rows: ReceiptLayer[] = []
  const pool = { weights: 0, zerosBefore: 0, zeros: 0, after: { weights: 0, zeros: 0 } }
  for (const layer of model.layers) {
    if (layer.weights.length === 0) continue
    const [before, now] = [await prunableOf(layer), await prunableOf(made.get(layer.path)!)]
    const lost = before.weights - now.weights
    pool.weights += before.weights
    pool.zerosBefore += before.zeros
    pool.zeros += now.zeros + lost
    pool.after.weights += now.weights
    pool.after.zeros += now.zeros
    const own = groups.filter(({ makers }) => makers.includes(layer.path))
    const stays = own.length > 0 && own.every(({ channels }) => channels.length === 0)
    rows.push({
      name: layer.path,
      type: layer.className,
      weights: before.weights,
      nonzeros: now.weights - now.zeros,
      asked: own.map(({ makers }) => makers.map((maker) => shares.get(maker)).find((one) => one !== undefined)).find((one) => one !== undefined) ?? (stays ? null : share),
      achieved: before.weights === 0 ? 0 : (lost + now.zeros) / before.weights,
      kept: now.weights - now.zeros,
      ...(stays && { skipped: [...new Set(own.flatMap(({ frozen }) => frozen))].join('; ') }),
    })
  }
  return { layers: rows, pool }
}

async function prunableOf ({ weights }: ModelLayer): Promise<{ weights: number, zeros: number }> {
  const own = weights.filter(({ prunable }) => prunable)
  let zeros = 0
  for (const { tensor } of own) for await (const values of tensor.chunks()) zeros += countZeros(values)
  return { weights: own.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0), zeros }
}
