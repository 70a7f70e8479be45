/** What a layer type has to say about channels: how its inputs, weights and outputs share them, and what changes in its settings. */
import type { Json } from '../../models/json.ts'
import type { NodeCall } from '../../models/layers/layer-type.ts'
import type { Shape, SymbolicShape } from '../../models/tensor.ts'
import type { AxisLabels, ChannelSets, Labels, ValueLabels } from './channels.ts'

/** One application of a layer. */
export interface Application<C> {
  readonly c: C
  readonly inputs: readonly ValueLabels[]
  readonly inputShapes: readonly SymbolicShape[]
  readonly outputShapes: readonly SymbolicShape[]
  readonly call: NodeCall
  readonly sets: ChannelSets
  /** Channels that the layer makes; the same ones whenever it is applied. `name` tells several kinds apart. */
  fresh (size: number, name?: string): Labels
  /** Places that stay. */
  frozen (size: number, reason: string): Labels
  /** The axis of a weight has these channels. A weight that the layer does not have is passed over. */
  bind (role: string, axis: number, labels: AxisLabels): void
}

/** What became of the sizes of a layer. */
export interface Resized {
  /** Its settings as they were. */
  readonly c: unknown
  readonly inputs: readonly SymbolicShape[]
  readonly outputs: readonly SymbolicShape[]
  readonly before: { readonly inputs: readonly SymbolicShape[], readonly outputs: readonly SymbolicShape[] }
  /** Of its first application. */
  readonly inputLabels: readonly ValueLabels[]
  /** The new shape of a weight. */
  weight (role: string): Shape | undefined
  /** Places of an axis that stay, in order. */
  kept (labels: Labels): number[]
}

export interface StructureRule<C> {
  /** Labels of the outputs. What it does not pass on or bind must be frozen, with the reason. */
  couple (application: Application<C>): ValueLabels[]
  /** The layer as its model's configuration lists it, with the sizes that it has now; absent: no setting tells a size. */
  resize? (entry: Json, resized: Resized): Json
}

/** Another value for settings of the layer. */
export function withSettings (entry: Json, settings: Json): Json {
  return { ...entry, config: { ...entry.config as Json, ...settings } }
}

/** Freezes all axes of the inputs but those in `but`. */
export function freezeOthers<C> ({ inputs, sets }: Application<C>, but: readonly number[], reason: string): void {
  for (const labels of inputs) for (const [axis, one] of labels.entries()) if (!but.includes(axis)) sets.freeze(one, reason)
}

/** Of a layer that leaves every value where it is. */
export const passOn: StructureRule<unknown> = { couple: ({ inputs }) => [inputs[0]!] }

/** Of a layer through which no channel can be followed. */
export function refuse (reason: string): StructureRule<unknown> {
  return {
    couple (application) {
      freezeOthers(application, [], reason)
      return application.outputShapes.map(withoutLabels)
    },
  }
}

/** Labels of a value none of whose axes has channels. */
export function withoutLabels (shape: SymbolicShape): ValueLabels {
  return shape.map(() => null)
}

/** Labels of an output that has channels along one axis only. */
export function along (shape: SymbolicShape, axis: number, labels: AxisLabels): ValueLabels {
  return shape.map((_, at) => at === axis ? labels : null)
}
