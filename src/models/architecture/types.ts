/** The layer graph: what runs after what, flattened out of nested and shared Keras models. */
import type { NumberType, Shape, SymbolicShape } from '../tensor.ts'
import type { InitializerSettings } from '../initializers/settings.ts'
import type { LayerTypeName } from '../layers/index.ts'
import type { NodeCall } from '../layers/layer-type.ts'
import type { WeightRule, WeightRules } from '../layers/weight-rules.ts'

/** What the axes of a weight mean; every list holds axis numbers. Used to prune in patterns and to shrink. */
export interface WeightAxes {
  /** Axes along which outputs of the layer are told apart (units, filters). */
  readonly output: readonly number[]
  /** Axes along which inputs are told apart. */
  readonly input: readonly number[]
  /** Kernel positions (height, width, ...). */
  readonly spatial: readonly number[]
  /** Of recurrent layers: the output axis holds so many gates side by side, and a unit has a column in each. Absent: one. */
  readonly gates?: number
  /** Outputs and inputs are parted into so many groups, and the input axis counts within one. Absent: one. */
  readonly groups?: number
  /** Its outputs stay within the layer, which has others. */
  readonly inner?: true
}

/** A weight that a layer of this configuration has, in Keras' saved order (trainable first, then the others). */
export interface WeightSpec {
  readonly role: string
  readonly shape: Shape
  readonly trainable: boolean
  /** Kernels are; biases, normalisation parameters and moving statistics are not, and say why. */
  readonly prunable: boolean
  readonly reason?: string
  readonly axes: WeightAxes
  /** Where a `.keras` file keeps it within the layer's place, when the layer is made of others: `cell`, `forward_layer/cell`, `query_dense`. */
  readonly store?: string
}

/** One layer object, however often it is applied. */
export interface ArchitectureLayer {
  /** `conv2d` or, in nested models, `encoder/conv2d`. */
  readonly path: string
  /** The Keras class name as written in the file. */
  readonly className: string
  /** The key in the layer table; absent when the layer is unknown. */
  readonly type?: LayerTypeName
  /** The parsed configuration (of the table's type); absent when unknown or invalid. */
  readonly config?: unknown
  /** Absent when the layer is unknown or its input shape cannot be told. */
  readonly weights?: readonly WeightSpec[]
  readonly trainable: boolean
  /** Regularisers and constraints of its weights, by role. */
  readonly rules?: WeightRules
  /** The initialisers of its weights, by role. */
  readonly initializers?: InitializerSettings
  /** The regulariser of its outputs. */
  readonly activity?: WeightRule
  /** Why this layer cannot be run here. */
  readonly problem?: string
  /** Paths of the nested models around it, outermost first. */
  readonly containers: readonly string[]
  /** The class name with its place: which model container and index in the config, for formats that address by order. */
  readonly indexInContainer: number
  /** Where a `.keras` file keeps its weights: `layers/conv2d_1`; empty when it keeps none. */
  readonly storePath?: string
}

/** Output number `output` of node number `node`. */
export interface ValueRef { readonly node: number, readonly output: number }

/** One application of a layer. Nodes stand in an order in which every input comes before its use. */
export interface GraphNode {
  /** Index into `Architecture.layers`. */
  readonly layer: number
  readonly inputs: readonly ValueRef[]
  readonly inputShapes: readonly SymbolicShape[]
  readonly outputShapes: readonly SymbolicShape[]
  /** Arguments besides plain inputs, when there are any. */
  readonly call?: NodeCall
  /** Masks given in the call, by input; undefined where the input's own holds. */
  readonly masks?: ReadonlyArray<ValueRef | undefined>
  /** Multiply-accumulate operations for one example. */
  readonly macs: number
}

export interface LayerGraph {
  readonly nodes: readonly GraphNode[]
  /** Values fed, in the order of the model's inputs; each is output 0 of an `input` node. */
  readonly inputs: readonly ValueRef[]
  readonly outputs: readonly ValueRef[]
  readonly inputShapes: readonly SymbolicShape[]
  readonly outputShapes: readonly SymbolicShape[]
  readonly outputNames: readonly string[]
  /** What the inputs of nested models are given when these are called first; they make no nodes. `layer` is an index into `Architecture.layers`. */
  readonly innerInputs?: ReadonlyArray<{ readonly layer: number, readonly shape: SymbolicShape }>
}

/** What an output's last function leaves. */
export type LastActivation = 'softmax' | 'log-softmax' | 'sigmoid' | 'other'

/** What a model takes and gives that is run by another library than the layer graph; shapes begin with the axis of examples. */
export interface Signature extends Pick<LayerGraph, 'inputShapes' | 'outputShapes' | 'outputNames'> {
  readonly inputNames: readonly string[]
  readonly inputTypes: readonly NumberType[]
  /** Of each output. */
  readonly activations: readonly LastActivation[]
  /** The axis of classes of each output, where the graph tells it; negative ones count from the end. */
  readonly classAxes: ReadonlyArray<number | null>
  /** Images may be [channels, height, width] here, where data sets have [height, width, channels]. */
  readonly channelsFirst: boolean
}

/** All layers in the file's order, depth first; the graph when all of it can be run here, or what another library needs to run it, else why not. */
export interface Architecture {
  readonly name: string
  readonly layers: readonly ArchitectureLayer[]
  readonly graph?: LayerGraph
  /** Instead of a graph. */
  readonly signature?: Signature
  readonly problem?: string
}
