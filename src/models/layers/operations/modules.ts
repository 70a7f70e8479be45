/** Where Keras keeps the class of an operation, by which it finds it again in a file. */

const MODULES: ReadonlyArray<readonly [module: string, classNames: ReadonlySet<string>]> = [
  ['keras.src.ops.math', new Set(['Logsumexp', 'Rsqrt', 'Erf'])],
  ['keras.src.ops.core', new Set(['StopGradient', 'Unstack', 'Cast', 'ConvertToTensor'])],
  ['keras.src.ops.nn', new Set([
    'Relu', 'Relu6', 'Sigmoid', 'SparseSigmoid', 'Softplus', 'Softsign', 'SoftShrink', 'SparsePlus', 'Silu', 'Squareplus', 'LogSigmoid', 'LeakyRelu',
    'HardSigmoid', 'HardSilu', 'Elu', 'Selu', 'Gelu', 'Celu', 'TanhShrink', 'HardTanh', 'HardShrink', 'Softmax', 'LogSoftmax',
  ])],
  ['keras.src.activations.activations', new Set(['ReLU'])],
]

export function moduleOf (className: string): string {
  return MODULES.find(([, names]) => names.has(className))?.[0] ?? 'keras.src.ops.numpy'
}
