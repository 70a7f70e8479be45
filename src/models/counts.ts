/** Counting of a model's parameters, zeros and multiplications, in bounded memory. */
import { EspalierError } from '../errors.ts'
import { isFloat, valuesOf } from './formats/file-tensor.ts'
import type { LayerWeight, ModelFile, ModelLayer, TensorChanges } from './model.ts'
import { sizeOf } from './tensor.ts'

export interface ModelCounts {
  /** All trainable parameters: biases, gamma and beta too; not moving statistics. Frozen layers count. */
  readonly weights: number
  /** Of these, those that are not zero. */
  readonly nonzeros: number
  /** What pruning may zero by default. */
  readonly prunableWeights: number
  /** Multiply-accumulates for one example; null when the model cannot be run here. */
  readonly macs: number | null
  /** The same without multiplications by a zero of a kernel. */
  readonly effectiveMacs: number | null
}

/** How many numbers of a tensor are zero before and after a change. */
export interface ZeroCounts { readonly before: number, readonly after: number }

const UNCHANGED: TensorChanges = new Map()

/** The counts of `model` with `changes`. Throws `invalid-model` for a weight that is NaN or infinite, naming layer, weight and index. */
export async function countModel (model: ModelFile, changes: TensorChanges = UNCHANGED): Promise<ModelCounts> {
  return countsOf(model, await countTensors(model, changes))
}

/** Numbers that are not zero, by tensor key, of every weight of the model. Throws as `countModel` does. */
export async function countTensors (model: ModelFile, changes: TensorChanges = UNCHANGED): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const layer of model.layers) for (const weight of layer.weights) counts.set(weight.tensor.key, await countNonzeros(layer, weight, changes))
  return counts
}

/** The same before and after, of tensors that were counted before. */
export async function countCounted (model: ModelFile, counts: ReadonlyMap<string, ZeroCounts>, when: keyof ZeroCounts): Promise<ModelCounts> {
  const nonzeros = model.layers.flatMap(({ weights }) => weights.map(({ tensor }): [string, number] => [tensor.key, sizeOf(tensor.shape) - counts.get(tensor.key)![when]]))
  return countsOf(model, new Map(nonzeros))
}

/** The counts of a model whose weights have so many nonzeros, by tensor key. */
export function countsOf (model: ModelFile, nonzerosOf: ReadonlyMap<string, number>): ModelCounts {
  const density = new Map<ModelLayer, number>()
  let [weights, nonzeros, prunableWeights] = [0, 0, 0]
  for (const layer of model.layers) {
    let [kernels, kept] = [0, 0]
    for (const weight of layer.weights) {
      const size = sizeOf(weight.tensor.shape)
      const count = nonzerosOf.get(weight.tensor.key)!
      if (weight.prunable) prunableWeights += size
      if (!isTrainable(weight)) continue
      weights += size
      nonzeros += count
      if (!weight.role.endsWith('kernel')) continue
      kernels += size
      kept += count
    }
    // Every number of a kernel is multiplied equally often, so the share of nonzeros is the share of multiplications that are left.
    density.set(layer, kernels === 0 ? 1 : kept / kernels)
  }
  return { weights, nonzeros, prunableWeights, ...macsOf(model, density) }
}

/** Numbers of a weight that are not zero. Throws `invalid-model` for one that is NaN or infinite. */
export async function countNonzeros (layer: ModelLayer, { role, tensor }: LayerWeight, changes: TensorChanges = UNCHANGED): Promise<number> {
  let count = 0
  let at = 0
  for await (const values of valuesOf(tensor, changes)) {
    const index = firstNotFinite(values)
    if (index >= 0) {
      throw new EspalierError('invalid-model',
        `layer ${layer.path}: its ${role}[${at + index}] is ${values[index]}; every weight must be a finite number`,
        { layer: layer.path, weight: role, index: at + index })
    }
    count += nonzerosIn(values)
    at += values.length
  }
  return count
}

// Loops of their own, as functions that wait are slow, and were seen to count wrongly once while they were being optimised.
function nonzerosIn (values: Float32Array): number {
  let count = 0
  for (let index = 0; index < values.length; index++) if (values[index] !== 0) count++
  return count
}

/** -1 when all are. x - x is 0 for every number and NaN for the others. */
function firstNotFinite (values: Float32Array): number {
  for (let index = 0; index < values.length; index++) if (values[index]! - values[index]! !== 0) return index
  return -1
}

function isTrainable ({ spec, tensor }: LayerWeight): boolean {
  return spec?.trainable ?? isFloat(tensor.type)
}

function macsOf (model: ModelFile, density: ReadonlyMap<ModelLayer, number>): Pick<ModelCounts, 'macs' | 'effectiveMacs'> {
  const { graph } = model.architecture
  if (graph === undefined) return { macs: null, effectiveMacs: null }
  let [macs, effectiveMacs] = [0, 0]
  for (const node of graph.nodes) {
    macs += node.macs
    effectiveMacs += node.macs * (density.get(model.layers[node.layer]!) ?? 1)
  }
  return { macs, effectiveMacs: Math.round(effectiveMacs) }
}
