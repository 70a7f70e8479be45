/** What a layer type has to say about dead channels: where its weights read them, and what it makes of channels that are constant. */
import type { Activation } from '../../../models/layers/activations.ts'
import type { NodeCall } from '../../../models/layers/layer-type.ts'
import type { SymbolicShape } from '../../../models/tensor.ts'
import type { AxisLabels, ValueLabels } from '../channels.ts'
import type { WeightValues } from '../norms.ts'
import { movedConstants, unknownValue, type Constants, type ValueConstants } from './constants.ts'

/** A weight that can take up what constant channels add: `sign` times the sum over the kernel's axes that have no axis here. */
export interface Fold {
  readonly layer: string
  readonly role: string
  readonly sign: 1 | -1
  /** By axis of the kernel: the axis of this weight; null: summed over. */
  readonly axes: ReadonlyArray<number | null>
}

/** A fold, or why there is none. */
export type Foldable = Fold | string

/** One application of a layer. */
export interface Passage<C> {
  readonly c: C
  readonly inputs: readonly ValueConstants[]
  readonly inputLabels: readonly ValueLabels[]
  readonly inputShapes: readonly SymbolicShape[]
  readonly outputLabels: readonly ValueLabels[]
  readonly outputShapes: readonly SymbolicShape[]
  readonly call: NodeCall
  rootOf (label: number): number
  /** With the method's changes; undefined when the layer has none of this role. */
  weight (role: string): WeightValues | undefined
  /** NaN stays NaN; all is NaN after functions that compare values with one another. */
  activated (activation: Activation, values: Float64Array): Float64Array
  /** The places of the weight's axis read channels, and sum over them. Every weight that does so must be told of. */
  read (role: string, axis: number, constants: Constants, foldable: Foldable): void
  /** The channels are read in another way. */
  pin (labels: AxisLabels, reason: string): void
  /** How far `role` can take up constants, by axis of the kernel. */
  foldInto (role: string, axes: Fold['axes']): Foldable
  /** The same of the batch normalisation that alone reads the output, along an axis of it. */
  foldBehind (outputAxis: number, axes: Fold['axes']): Foldable
}

export interface DeadRule<C> {
  /** What is known of the outputs. */
  pass (passage: Passage<C>): readonly ValueConstants[]
}

/** Of a layer that reads no channels by weights, and of whose outputs nothing is known. */
export const nothingKnown: DeadRule<unknown> = { pass: ({ outputLabels }) => outputLabels.map(unknownValue) }

/** Of a layer that leaves every value where it is. */
export const passOn: DeadRule<unknown> = { pass: ({ inputs }) => [inputs[0]!] }

/** Of a layer that moves the values of one input about. */
export const moved: DeadRule<unknown> = {
  pass: ({ inputs: [given], inputLabels: [labels], outputLabels, rootOf }) => outputLabels.map((to) => movedConstants(given!, labels!, to, rootOf)),
}

/** What takes up the constants that a product reads: its bias, else the normalisation behind it. `axes`: of the kernel. */
export function foldOf ({ weight, foldInto, foldBehind }: Passage<unknown>, activation: Activation, outputAxis: number, axes: Fold['axes']): Foldable {
  if (weight('bias') !== undefined) return foldInto('bias', axes)
  return activation.name === 'linear' ? foldBehind(outputAxis, axes) : 'it has no bias'
}
