/** Follows constants through the layer graph, and notes where weights read channels. */
import type { GraphNode } from '../../../models/architecture/types.ts'
import type { Activation } from '../../../models/layers/activations.ts'
import type { BatchNormalizationConfig } from '../../../models/layers/normalization.ts'
import { PLAIN_CALL } from '../../../models/layers/layer-type.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import type { Labels } from '../channels.ts'
import type { Structure } from '../couple.ts'
import type { WeightValues } from '../norms.ts'
import { agreed, type ValueConstants } from './constants.ts'
import type { Fold, Foldable, Passage } from './rule.ts'
import { deadRuleOf } from './rules/index.ts'

export interface DeadWeight extends WeightValues {
  /** Stored in a type that cannot hold a float32: nothing is added to it. */
  readonly narrow?: boolean
}

export interface GivenModel {
  readonly structure: Structure
  /** By path and role; undefined when the layer has no such weight. The values are not changed. */
  weight (layer: string, role: string): DeadWeight | undefined
  /** The activation function, value by value; not called for functions that compare values. */
  activate (activation: Activation, values: Float32Array): ArrayLike<number>
}

/** A place of a weight that sums over channels. */
export interface Read {
  readonly layer: string
  readonly role: string
  readonly axis: number
  readonly labels: Labels
  /** What each channel is there, NaN where it varies: the same wherever the layer is applied. */
  readonly constants: Float64Array
  readonly foldable: Foldable
}

export interface Followed {
  readonly reads: readonly Read[]
  /** Channels that something else reads, by root, with the reason. */
  readonly pinned: ReadonlyMap<number, string>
  /** By node of the graph, then by output. */
  readonly values: ReadonlyArray<readonly ValueConstants[]>
}

export function followConstants (model: GivenModel): Followed {
  const { structure: { architecture: { graph, layers }, sets, values: labels, places } } = model
  const values: Array<readonly ValueConstants[]> = []
  const reads = new Map<string, Read>()
  const pinned = new Map<number, string>()
  const labelsOf = new Map(places.map((place) => [`${place.layer}\n${place.role}\n${place.axis}`, place.labels]))
  for (const [number, node] of graph!.nodes.entries()) {
    const { path, type, config } = layers[node.layer]!
    const passage: Passage<unknown> = {
      c: config,
      inputs: node.inputs.map((ref) => values[ref.node]![ref.output]!),
      inputLabels: node.inputs.map((ref) => labels[ref.node]![ref.output]!),
      inputShapes: node.inputShapes,
      outputLabels: labels[number]!,
      outputShapes: node.outputShapes,
      call: node.call ?? PLAIN_CALL,
      rootOf: (label) => sets.rootOf(label),
      weight: (role) => model.weight(path, role),
      activated: (activation, given) => activated(model, activation, given),
      read (role, axis, constants, foldable) {
        const key = `${path}\n${role}\n${axis}`
        const own = labelsOf.get(key)
        if (own === undefined) return
        const known = constants ?? new Float64Array(own.length).fill(NaN)
        const before = reads.get(key)
        reads.set(key, before === undefined
          ? { layer: path, role, axis, labels: own, constants: known, foldable }
          : { ...before, constants: before.constants.map((constant, place) => agreed(constant, known[place]!)), foldable: typeof foldable === 'string' ? foldable : before.foldable })
      },
      pin (axis, reason) { for (const label of axis ?? []) pinned.set(sets.rootOf(label), reason) },
      foldInto: (role, axes) => foldableInto(model, { layer: path, role, sign: 1, axes }),
      foldBehind: (axis, axes) => foldableBehind(model, number, axis, axes),
    }
    values.push(deadRuleOf(type!).pass(passage))
  }
  return { reads: [...reads.values()], pinned, values }
}

const NO_BIAS = 'it has no bias'

function foldableInto (model: GivenModel, fold: Fold): Foldable {
  const weight = model.weight(fold.layer, fold.role)
  if (weight === undefined) return NO_BIAS
  return weight.narrow === true ? 'what would take them up is stored in half precision' : fold
}

/** Behind a layer that is applied once, whose output nothing but a batch normalisation reads, that is applied once too: (x + k) - (mean + k) = x - mean. */
function foldableBehind (model: GivenModel, number: number, outputAxis: number, axes: Fold['axes']): Foldable {
  const { graph, layers } = model.structure.architecture
  const { nodes, outputs } = graph!
  const isAlone = ({ layer }: GraphNode): boolean => nodes.filter((one) => one.layer === layer).length === 1
  const readers = nodes.filter(({ inputs, masks = [] }) => [...inputs, ...masks].some((ref) => ref?.node === number))
  const [reader] = readers
  if (reader === undefined || readers.length > 1 || outputs.some(({ node }) => node === number) || !isAlone(nodes[number]!) || !isAlone(reader)) return NO_BIAS
  const { path, type, config } = layers[reader.layer]!
  if (type !== 'BatchNormalization' || frontAxis((config as BatchNormalizationConfig).axis, reader.inputShapes[0]!.length) !== outputAxis) return NO_BIAS
  return foldableInto(model, { layer: path, role: 'moving_mean', sign: -1, axes })
}

/** Values that vary stay so; a function that compares values, or gives no number, tells nothing. */
function activated ({ activate }: GivenModel, activation: Activation, values: Float64Array): Float64Array {
  if (activation.name === 'linear') return values
  const places = [...values.keys()].filter((place) => !Number.isNaN(values[place]!))
  const result = new Float64Array(values.length).fill(NaN)
  if (places.length === 0 || 'axes' in activation || ['log_softmax', 'sparsemax', 'glu'].includes(activation.name)) return result
  const numbers = activate(activation, Float32Array.from(places, (place) => values[place]!))
  for (const [index, place] of places.entries()) if (Number.isFinite(numbers[index])) result[place] = numbers[index]!
  return result
}
