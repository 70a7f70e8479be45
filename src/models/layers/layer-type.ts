/** What a layer type has to say about itself: its settings, weights, output shapes and cost. */
import type { WeightSpec } from '../architecture/types.ts'
import type { SymbolicShape } from '../tensor.ts'

/** The `config` object of a layer as it stands in a model file. */
export type KerasConfig = Readonly<Record<string, unknown>>

/** Which layer a configuration belongs to, for messages, and the rules of which Keras it follows. */
export interface Where {
  readonly path: string
  readonly className: string
  /** Keras 2 (and TF.js) and Keras 3 give some names another meaning: hard_sigmoid. */
  readonly keras: 2 | 3
}

/** How a layer is applied in one place, besides its inputs. */
export interface NodeCall {
  /** The argument that each input is given as; undefined for the layer's plain inputs. */
  readonly roles: ReadonlyArray<string | undefined>
  /** Arguments that are set, such as `use_causal_mask`. */
  readonly flags: readonly string[]
}

/** The call that most layers have. */
export const PLAIN_CALL: NodeCall = { roles: [], flags: [] }

/** What a layer takes besides its inputs; what is not named here is refused. */
export interface CallArguments {
  /** Names of its arguments in order, where they may be several tensors. */
  readonly positional?: readonly string[]
  /** Further tensors, by name. */
  readonly tensors?: readonly string[]
  /** Switches. */
  readonly flags?: readonly string[]
}

export interface LayerType<C> {
  /** The names by which Keras writes it. */
  readonly classNames: readonly string[]
  /** True for operations such as `h + x`: not layers, they are never stored and may have the class name of a layer. */
  readonly operation: boolean
  readonly arguments?: CallArguments
  /** The checked settings. Throws `invalid-model` for malformed ones, `unsupported-layer` for valid ones that cannot be run here. */
  parse (config: KerasConfig, where: Where): C
  /** In the order in which Keras saves them: trainable first, then the others. Throws `invalid-model` when an input size it needs is unknown. */
  weights (c: C, inputShapes: readonly SymbolicShape[], call: NodeCall): WeightSpec[]
  /** One shape per output, batch axis included. Throws `invalid-model` when the inputs do not fit. */
  outputShapes (c: C, inputShapes: readonly SymbolicShape[], call: NodeCall): SymbolicShape[]
  /** Multiply-accumulates with a weight (or of a dot product) for one example; sizes that are not known count as 1. */
  macs (c: C, inputShapes: readonly SymbolicShape[], outputShapes: readonly SymbolicShape[], call: NodeCall): number
}

interface Description<C> {
  readonly classNames: readonly string[]
  readonly operation?: boolean
  readonly arguments?: CallArguments
  readonly parse: (config: KerasConfig, where: Where) => C
  readonly outputShape: (c: C, inputShapes: readonly SymbolicShape[]) => SymbolicShape
  readonly weights?: LayerType<C>['weights']
  readonly macs?: LayerType<C>['macs']
}

/** A layer type with one output; without weights and multiplications unless said otherwise. */
export function layerType<C> (description: Description<C>): LayerType<C> {
  const { classNames, operation = false, arguments: given, parse, outputShape, weights = () => [], macs = () => 0 } = description
  return { classNames, operation, ...(given && { arguments: given }), parse, weights, macs, outputShapes: (c, inputShapes) => [outputShape(c, inputShapes)] }
}
