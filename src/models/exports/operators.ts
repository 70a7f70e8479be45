/** The operators that exports are made of, with their attributes. Each export has a table of how it writes them, keyed by these names. */

export interface Sliding { readonly strides: readonly number[], readonly padding: 'valid' | 'same' }
export interface Dilated extends Sliding { readonly dilation: readonly number[] }
export interface Pooling extends Sliding { readonly size: readonly number[] }
/** `sizes`: of the spatial axes of the output. */
export interface Spread extends Sliding { readonly sizes: readonly number[] }
export interface Reducing { readonly axes: readonly number[], readonly keep: boolean }
export interface Plain { readonly [name: string]: never }
export interface Along { readonly axis: number }

/** Element by element, of float32; inputs and output have one shape. */
export const UNARY = ['relu', 'relu6', 'tanh', 'sigmoid', 'exp', 'log', 'sqrt', 'rsqrt', 'square', 'abs', 'neg', 'sin', 'cos', 'elu', 'floor', 'ceil', 'sign', 'gelu'] as const
/** Of two inputs of one type, broadcast as in NumPy. */
export const BINARY = ['add', 'sub', 'mul', 'div', 'floorMod', 'maximum', 'minimum', 'pow', 'atan2'] as const
/** The same, to bools. */
export const COMPARISONS = ['less', 'lessEqual', 'greater', 'greaterEqual', 'equal', 'notEqual'] as const
/** Of bools. */
export const LOGICAL = ['logicalAnd', 'logicalOr'] as const
export const REDUCTIONS = ['mean', 'sum', 'max', 'min', 'prod', 'any', 'all'] as const

type Names<List extends readonly string[], Attributes> = { readonly [Name in List[number]]: Attributes }

/** Attributes by operator. Shapes of inputs stand beside those that have several. */
export interface Operator extends
  Names<typeof UNARY, Plain>, Names<typeof BINARY, Plain>, Names<typeof COMPARISONS, Plain>, Names<typeof LOGICAL, Plain>, Names<typeof REDUCTIONS, Reducing> {
  /** x [batch, height, width, channels], kernel [height, width, channels / groups, filters], bias [filters] */
  readonly conv2d: Dilated
  /** x, kernel [height, width, channels, multiplier], bias [channels * multiplier] */
  readonly depthwise: Dilated
  /** x, kernel [height, width, filters, channels] */
  readonly transposed2d: Spread
  /** x [batch, depth, height, width, channels], kernel [depth, height, width, channels, filters], bias */
  readonly conv3d: Dilated
  /** x, kernel [depth, height, width, filters, channels] */
  readonly transposed3d: Spread
  /** x [..., inputs], kernel [inputs, units], bias [units] */
  readonly dense: Plain
  /** The last two axes of both; the others are batches. */
  readonly matmul: { readonly adjoint: boolean }
  readonly maxPool: Pooling
  /** Padding is not counted. */
  readonly averagePool: Pooling
  /** Along the last axis. */
  readonly softmax: Plain
  readonly logSoftmax: Plain
  readonly leakyRelu: { readonly slope: number }
  readonly logicalNot: Plain
  /** condition, a, b, broadcast. */
  readonly select: Plain
  readonly cast: Plain
  /** At most one size of the output is not known. */
  readonly reshape: Plain
  readonly transpose: { readonly order: readonly number[] }
  readonly concat: Along
  readonly pad: { readonly edges: ReadonlyArray<readonly [number, number]>, readonly value: number }
  /** `ends` null: to the end of the axis. */
  readonly slice: { readonly begins: readonly number[], readonly ends: ReadonlyArray<number | null>, readonly strides: readonly number[] }
  readonly tile: { readonly times: readonly number[] }
  /** x, indices int32. */
  readonly gather: Along
  /** Pixels have their centres at halves. */
  readonly resizeBilinear: { readonly sizes: readonly number[] }
  readonly reverse: Along
  readonly cumsum: Along
  /** All values of the last axis, the largest first. */
  readonly sort: Plain
  /** int32 */
  readonly argMax: Along
  readonly argMin: Along
}

export type OperatorName = keyof Operator
