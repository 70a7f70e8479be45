/** Numbers of TFLite's public schema, version 3 (tensorflow/lite/schema/schema.fbs): types, operators, and the fields of their options. */

/** Bytes 4 to 8 of every file. */
export const IDENTIFIER = 'TFL3'

export const TENSOR_TYPES = { float32: 0, float16: 1, int32: 2, uint8: 3, int64: 4, bool: 6, int16: 7, int8: 9, float64: 10 } as const

export type TensorType = keyof typeof TENSOR_TYPES

/** Bytes of an element. */
export const TYPE_BYTES = { float32: 4, float16: 2, int32: 4, uint8: 1, int64: 8, bool: 1, int16: 2, int8: 1, float64: 8 } as const satisfies Record<TensorType, number>

export const PADDING = { same: 0, valid: 1 } as const
export const ACTIVATION = { NONE: 0, RELU: 1, RELU6: 3 } as const

export type FieldKind = 'int8' | 'int32' | 'bool' | 'float32'

/** By name: the kind of a field and its place in the table. */
type Fields = Readonly<Record<string, readonly [FieldKind, number]>>

const FUSED = { activation: ['int8', 0] } as const

/** Tables of options: their number in the union, and the fields that are written here. */
export const OPTIONS = {
  none: { type: 0, fields: {} },
  conv: { type: 1, fields: { padding: ['int8', 0], strideW: ['int32', 1], strideH: ['int32', 2], activation: ['int8', 3], dilationW: ['int32', 4], dilationH: ['int32', 5] } },
  depthwise: { type: 2, fields: { padding: ['int8', 0], strideW: ['int32', 1], strideH: ['int32', 2], multiplier: ['int32', 3], activation: ['int8', 4], dilationW: ['int32', 5], dilationH: ['int32', 6] } },
  pool: { type: 5, fields: { padding: ['int8', 0], strideW: ['int32', 1], strideH: ['int32', 2], width: ['int32', 3], height: ['int32', 4], activation: ['int8', 5] } },
  dense: { type: 8, fields: { activation: ['int8', 0], weightsFormat: ['int8', 1], keepAxes: ['bool', 2], asymmetricInputs: ['bool', 3] } },
  softmax: { type: 9, fields: { beta: ['float32', 0] } },
  concatenation: { type: 10, fields: { axis: ['int32', 0], activation: ['int8', 1] } },
  add: { type: 11, fields: FUSED },
  resizeBilinear: { type: 15, fields: { alignCorners: ['bool', 2], halfPixelCenters: ['bool', 3] } },
  reshape: { type: 17, fields: {} },
  mul: { type: 21, fields: FUSED },
  gather: { type: 23, fields: { axis: ['int32', 0] } },
  reducer: { type: 27, fields: { keepAxes: ['bool', 0] } },
  sub: { type: 28, fields: FUSED },
  div: { type: 29, fields: FUSED },
  stridedSlice: { type: 32, fields: { beginMask: ['int32', 0], endMask: ['int32', 1] } },
  cast: { type: 37, fields: { from: ['int8', 0], to: ['int8', 1] } },
  argMax: { type: 40, fields: { type: ['int8', 0] } },
  transposeConv: { type: 49, fields: { padding: ['int8', 0], strideW: ['int32', 1], strideH: ['int32', 2], activation: ['int8', 3] } },
  shape: { type: 55, fields: { type: ['int8', 0] } },
  argMin: { type: 57, fields: { type: ['int8', 0] } },
  leakyRelu: { type: 75, fields: { alpha: ['float32', 0] } },
  matmul: { type: 101, fields: { adjointX: ['bool', 0], adjointY: ['bool', 1], asymmetricInputs: ['bool', 2] } },
  cumsum: { type: 102, fields: { exclusive: ['bool', 0], reverse: ['bool', 1] } },
  conv3d: { type: 106, fields: { padding: ['int8', 0], strideD: ['int32', 1], strideW: ['int32', 2], strideH: ['int32', 3], activation: ['int8', 4], dilationD: ['int32', 5], dilationW: ['int32', 6], dilationH: ['int32', 7] } },
  gelu: { type: 116, fields: { approximate: ['bool', 0] } },
} as const satisfies Record<string, { readonly type: number, readonly fields: Fields }>

export type OptionsName = keyof typeof OPTIONS

/** Operators by the name that the schema gives them: their code, and which options they take. */
export const BUILTINS = {
  ADD: [0, 'add'], AVERAGE_POOL_2D: [1, 'pool'], CONCATENATION: [2, 'concatenation'], CONV_2D: [3, 'conv'], DEPTHWISE_CONV_2D: [4, 'depthwise'], DEQUANTIZE: [6, 'none'],
  FLOOR: [8, 'none'], FULLY_CONNECTED: [9, 'dense'], LOGISTIC: [14, 'none'], MAX_POOL_2D: [17, 'pool'], MUL: [18, 'mul'], RELU: [19, 'none'], RELU6: [21, 'none'],
  RESHAPE: [22, 'reshape'], RESIZE_BILINEAR: [23, 'resizeBilinear'], SOFTMAX: [25, 'softmax'], TANH: [28, 'none'], PAD: [34, 'none'], GATHER: [36, 'gather'],
  TRANSPOSE: [39, 'none'], MEAN: [40, 'reducer'], SUB: [41, 'sub'], DIV: [42, 'div'], STRIDED_SLICE: [45, 'stridedSlice'], EXP: [47, 'none'], TOPK_V2: [48, 'none'],
  LOG_SOFTMAX: [50, 'none'], CAST: [53, 'cast'], MAXIMUM: [55, 'none'], ARG_MAX: [56, 'argMax'], MINIMUM: [57, 'none'], LESS: [58, 'none'], NEG: [59, 'none'],
  PADV2: [60, 'none'], GREATER: [61, 'none'], GREATER_EQUAL: [62, 'none'], LESS_EQUAL: [63, 'none'], SIN: [66, 'none'], TRANSPOSE_CONV: [67, 'transposeConv'],
  TILE: [69, 'none'], EQUAL: [71, 'none'], NOT_EQUAL: [72, 'none'], LOG: [73, 'none'], SUM: [74, 'reducer'], SQRT: [75, 'none'], RSQRT: [76, 'none'], SHAPE: [77, 'shape'],
  POW: [78, 'none'], ARG_MIN: [79, 'argMin'], REDUCE_PROD: [81, 'reducer'], REDUCE_MAX: [82, 'reducer'], LOGICAL_OR: [84, 'none'], LOGICAL_AND: [86, 'none'],
  LOGICAL_NOT: [87, 'none'], REDUCE_MIN: [89, 'reducer'], REDUCE_ANY: [91, 'reducer'], SQUARE: [92, 'none'], FLOOR_MOD: [95, 'none'], LEAKY_RELU: [98, 'leakyRelu'],
  ABS: [101, 'none'], CEIL: [104, 'none'], REVERSE_V2: [105, 'none'], COS: [108, 'none'], ELU: [111, 'none'], QUANTIZE: [114, 'none'], SELECT_V2: [123, 'none'],
  DENSIFY: [124, 'none'], BATCH_MATMUL: [126, 'matmul'], CUMSUM: [128, 'cumsum'], CONV_3D: [132, 'conv3d'], REDUCE_ALL: [140, 'reducer'], CONV_3D_TRANSPOSE: [141, 'conv3d'],
  GELU: [150, 'gelu'], ATAN2: [156, 'none'], SIGN: [158, 'none'],
} as const satisfies Record<string, readonly [number, OptionsName]>

export type BuiltinName = keyof typeof BUILTINS
