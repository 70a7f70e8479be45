/** Which tensors of a model are recorded, and what is told of each. */
import type { LayerWeight, ModelFile, ModelLayer } from '../../models/model.ts'
import { sizeOf, type StoredTensor } from '../../models/tensor.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { MethodResult } from '../method.ts'
import type { Gap } from './gap.ts'
import { bytesFor, countBits } from './mask-bits.ts'
import { goneOf, inMatrixOrder, matrixOrderOf, type MatrixOrder } from './matrix-order.ts'
import { MAX_MASK_WEIGHTS, type TensorRecord } from './record.ts'
import { histogramOf, type SpreadFigures } from './spread.ts'

/** A prunable tensor of the given model. */
export interface Recorded {
  readonly place: number
  /** Of all that are recorded none has the same. */
  readonly name: string
  readonly layer: ModelLayer
  readonly weight: LayerWeight
  readonly order: MatrixOrder
  readonly weights: number
  /** Of the model that was made, where the form changed. */
  readonly made: StoredTensor
  readonly pattern?: Recipe['granularity']
}

/** A tensor that several layers share is told of once. */
export function recordedTensors (model: ModelFile, { model: made, competed }: MethodResult, { granularity }: Pick<Recipe, 'granularity'>): Recorded[] {
  const inPool = new Set(granularity.type === 'weight' ? [] : competed)
  const layers = new Map(made?.layers.map((layer) => [layer.path, layer]))
  const seen = new Set<string>()
  const names = new Map<string, number>()
  const found: Recorded[] = []
  for (const layer of model.layers) {
    for (const weight of layer.weights) {
      if (!weight.prunable || seen.has(weight.tensor.key)) continue
      seen.add(weight.tensor.key)
      const now = layers.get(layer.path)?.weights.find(({ role }) => role === weight.role)?.tensor ?? weight.tensor
      // A layer that was made into others has no weights to be laid beside its own.
      if (now.kept === undefined && String(now.shape) !== String(weight.tensor.shape)) continue
      const name = `${layer.path}/${weight.role}`
      const count = (names.get(name) ?? 0) + 1
      names.set(name, count)
      found.push({
        place: found.length, name: count === 1 ? name : `${name}#${count}`, layer, weight, order: matrixOrderOf(layer, weight), weights: sizeOf(weight.tensor.shape), made: now,
        ...(inPool.has(name) && { pattern: granularity }),
      })
    }
  }
  return found
}

/** Of larger tensors about so many weights are looked at, evenly; masks are of all. */
const SAMPLE = 2 ** 20

/** Every so many-th weight is looked at. */
export function stepFor (weights: number): number {
  return Math.max(1, Math.floor(weights / SAMPLE))
}

export interface Looked { readonly before: SpreadFigures, readonly after: SpreadFigures, readonly gap: Gap, readonly step: number }

/** `bits`: in the tensor's own order. */
export function describe (tensor: Recorded, { before, after, gap, step }: Looked, bits: Uint8Array | null): { readonly record: TensorRecord, readonly mask: Uint8Array | null } {
  const { name, layer, weight: { role, tensor: { shape } }, made: { shape: madeShape, kept }, order, pattern, weights } = tensor
  const { bins: binsBefore, ...valuesBefore } = before
  const { bins: binsAfter, ...valuesAfter } = after
  const record = {
    name,
    layer: layer.path,
    role,
    type: layer.className,
    shape: [...shape],
    ...(kept !== undefined && { madeShape: [...madeShape] }),
    rows: order.rows,
    columns: order.columns,
    positions: order.positions,
    ...(pattern !== undefined && { pattern }),
    before: valuesBefore,
    after: valuesAfter,
    histogram: histogramOf(binsBefore, binsAfter),
    smallestKept: gap.smallestKept === Infinity ? null : gap.smallestKept,
    largestZeroed: gap.largestZeroed === 0 ? null : gap.largestZeroed,
    ...(step > 1 && { sampled: step }),
    ...(kept !== undefined && { gone: goneOf(order, kept) }),
    kept: bits === null ? null : countBits(bits, 0, weights),
  }
  return { record, mask: bits === null ? null : inMatrixOrder(bits, order) }
}

/** Room for a mask; null where it would be too large. */
export function roomForMask (weights: number): Uint8Array | null {
  return weights > MAX_MASK_WEIGHTS ? null : new Uint8Array(bytesFor(weights))
}
