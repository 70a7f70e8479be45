/** The layers of a SavedModel: its variables grouped by the names they have, each with whether it may be pruned and why not. */
import type { ArchitectureLayer } from '../../architecture/types.ts'
import type { ByteSource } from '../../bytes.ts'
import { REASONS } from '../../layers/weights.ts'
import type { LayerWeight, ModelLayer } from '../../model.ts'
import { sizeOf } from '../../tensor.ts'
import { bindUnknown } from '../binding.ts'
import { isFloat } from '../file-tensor.ts'
import type { BundleEntry } from './bundle.ts'
import { dtypeName, numberTypeOf } from '../tensorflow/dtypes.ts'
import type { ObjectGraph } from './object-graph.ts'
import { partsByRows, readPartitions, type Partitions } from './partitions.ts'
import { bundleTensor, type Place } from './tensor.ts'
import { isVariable, nameVariables, type Variable } from './variables.ts'

export const OBJECT_GRAPH_KEY = '_CHECKPOINTABLE_OBJECT_GRAPH'

/** How often a checkpoint was written, and the sums of Keras 2's metrics: no part of the model. */
const NO_PART = /^(save_counter(\/\.ATTRIBUTES\/VARIABLE_VALUE)?$|keras_api\/metrics\/)/

/** Of TensorFlow 1's Adam. */
const ADAM_POWERS = /(^|\/)beta[12]_power(_\d+)?$/

/** What SavedModels have instead of the class of a layer. */
const CLASS_NAME = 'Variables'

export interface SavedLayers {
  readonly layers: readonly ModelLayer[]
  /** Where the values of a tensor lie, by its key: all its parts, or all its copies. */
  readonly places: ReadonlyMap<string, readonly Place[]>
  readonly hasOptimizerState: boolean
}

/** A variable, or a part of one, which then is left alone. `places` are all that change with it; the first `read` of them hold the values. */
interface Stored extends Pick<Variable, 'layer' | 'role'> { readonly entry: BundleEntry, readonly places: readonly Place[], readonly read: number, readonly reason?: string }

/** Throws `invalid-model` when parts of a partitioned variable are missing. */
export function savedLayers (all: readonly BundleEntry[], graph: ObjectGraph | undefined, sourceOf: (entry: BundleEntry) => ByteSource): SavedLayers {
  const partitions = readPartitions(all)
  const parts = new Set([...partitions.values()].flat())
  const entries = all.filter((entry) => entry.key !== OBJECT_GRAPH_KEY && !NO_PART.test(entry.key) && !parts.has(entry))
  const isState = optimizerState(entries, graph)
  const stored = nameVariables(entries.filter((entry) => !isState(entry)), graph).flatMap((variable) => withParts(variable, partitions))
  const byLayer = new Map<string, Stored[]>()
  for (const one of stored) {
    const found = byLayer.get(one.layer)
    if (found === undefined) byLayer.set(one.layer, [one])
    else found.push(one)
  }
  return {
    layers: [...byLayer].map(([path, found], index) => layerOf(path, index, found, sourceOf)),
    places: new Map(stored.map(({ entry, places }) => [entry.key, places])),
    hasOptimizerState: entries.some(isState),
  }
}

/**
 * By the object graph where there is one. TensorFlow 1 names the moments of `conv/weights` as `conv/weights/Adam`, `conv/weights/Adam_1`: what is
 * called like another variable and one word more, and is of its shape, is one of them.
 */
function optimizerState (entries: readonly BundleEntry[], graph: ObjectGraph | undefined): (entry: BundleEntry) => boolean {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  return ({ key, shape }) => {
    if (graph !== undefined) return graph.optimizer.has(key) || key.includes('/.OPTIMIZER_SLOT/')
    if (ADAM_POWERS.test(key)) return true
    const owner = byKey.get(key.slice(0, Math.max(0, key.lastIndexOf('/'))))
    return owner !== undefined && String(owner.shape) === String(shape)
  }
}

function withParts ({ layer, role, copies }: Variable, partitions: Partitions): Stored[] {
  const [entry] = copies
  const parts = partitions.get(entry.key)
  if (parts === undefined) return [{ layer, role, entry, places: copies.map((copy) => ({ entry: copy, from: 0 })), read: 1 }]
  const rows = partsByRows(entry, parts)
  if (rows !== undefined) {
    let from = 0
    const places = rows.map((part) => {
      const place = { entry: part, from }
      from += sizeOf(part.shape)
      return place
    })
    return [{ layer, role, entry, places, read: places.length }]
  }
  const reason = 'a variable that is partitioned along other axes than the first is kept as it is'
  return parts.map((part, index) => ({ layer, role: `${role}_part_${index}`, entry: part, places: [{ entry: part, from: 0 }], read: 1, reason }))
}

function layerOf (path: string, index: number, stored: readonly Stored[], sourceOf: (entry: BundleEntry) => ByteSource): ModelLayer {
  const problems: string[] = []
  const weights: LayerWeight[] = []
  const layer: ArchitectureLayer = { path, className: CLASS_NAME, trainable: true, containers: [], indexInContainer: index }
  for (const { role, entry, places, read, reason } of stored) {
    const type = numberTypeOf(entry.dtype)
    if (type === undefined || (reason === undefined && !isVariable(entry))) {
      problems.push(`${role} holds ${type === undefined ? `${dtypeName(entry.dtype)} values` : 'the state of an object'} and is kept as it is`)
      continue
    }
    const bound = bindUnknown(layer, [{ name: role, tensor: bundleTensor(entry.key, entry.shape, type, places.slice(0, read), sourceOf) }]).weights
    weights.push(...bound.map((weight) => leftAlone(weight, reason ?? reasonByName(path, role))))
  }
  return { path, className: CLASS_NAME, layer: { ...layer, ...(problems.length > 0 && { problem: problems.join('; ') }) }, weights }
}

function leftAlone (weight: LayerWeight, reason: string | undefined): LayerWeight {
  return reason === undefined || !isFloat(weight.tensor.type) ? weight : { ...weight, prunable: false, reason }
}

/** Biases and normalisation parameters may have two axes, as those of attention do; only their names tell them. */
function reasonByName (layer: string, role: string): string | undefined {
  if (/(^|_)bias(es)?$/.test(role)) return REASONS.bias
  if (/^(gamma|beta)$/.test(role)) return REASONS.normalisation
  if (/^moving_(mean|variance)$/.test(role)) return REASONS.statistics
  if (role === 'alpha' && /(^|\/)p_re_?lu/i.test(layer)) return REASONS.slope
  return undefined
}
