/** A TensorFlow operation that updates variables in place (ResourceApplyAdam, ...), as a compiled step runs it. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'

export interface ResourceOp {
  /** TensorFlow's name. */
  readonly op: string
  /** Besides `T`, which is float. */
  readonly attributes: Readonly<Record<string, boolean>>
  /** In the operation's order; a variable stands for its resource handle. */
  readonly inputs: ReadonlyArray<Variable | Tensor>
  /** The variables that it changes. */
  readonly writes: readonly Variable[]
}
