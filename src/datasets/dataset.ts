/** What every data set file becomes: features and targets with shapes and types, read in ranges of examples. */
import type { NumberType, Shape } from '../models/tensor.ts'

/** One array whose first axis counts examples. */
export interface ExampleArray {
  /** Shape of one example, without the first axis; [] for scalars. */
  readonly shape: Shape
  readonly type: NumberType
  /** Only reading from front to back is fast: the file is compressed. */
  readonly forward?: true
  /** Rows [from, to) as float32, row-major. Integer types are converted, not scaled. */
  read (from: number, to: number): Promise<Float32Array>
}

/** A part of a data set: `x` -> `y`, with as many examples. Several inputs or outputs come in order. */
export interface Split {
  readonly examples: number
  readonly features: readonly ExampleArray[]
  readonly targets: readonly ExampleArray[]
}

/** Scaling applied to features before the model sees them: value * scale + offset. */
export interface InputScaling { readonly scale: number, readonly offset: number }

/** `all` when the file makes no difference; `train` and `test` when it holds both (x_train, y_train, x_test, y_test). */
export interface DatasetFile {
  readonly format: string
  readonly splits: { readonly all?: Split, readonly train?: Split, readonly test?: Split }
  /** Number of classes when the targets are class indices. */
  readonly classes?: number
  /** Their names, when the file has them: class i is the i-th. */
  readonly classNames?: readonly string[]
}
