/** Functions of single values by TensorFlow's kernels and by its kernels for their gradients. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp } from './raw.ts'

/** What the gradient's kernel takes, in its order. */
type GradientInput = 'dy' | 'x' | 'y'

type Elementwise = (x: Tensor) => Tensor

const T = { T: FLOAT }

/** Of the output, so that the kernel before it can take it in. */
export const relu = elementwise('Relu', 'ReluGrad', ['dy', 'y'])
export const relu6 = elementwise('Relu6', 'Relu6Grad', ['dy', 'y'])
export const elu = elementwise('Elu', 'EluGrad', ['dy', 'y'])
export const selu = elementwise('Selu', 'SeluGrad', ['dy', 'y'])
export const softplus = elementwise('Softplus', 'SoftplusGrad', ['dy', 'x'])
export const softsign = elementwise('Softsign', 'SoftsignGrad', ['dy', 'x'])
export const sigmoid = elementwise('Sigmoid', 'SigmoidGrad', ['y', 'dy'])
export const tanh = elementwise('Tanh', 'TanhGrad', ['y', 'dy'])

/** |x|, whose gradient at 0 is 0 as TensorFlow has it; tfjs has -1 there, which would move pruned weights. */
export const absolute: Elementwise = ((run) => (x: Tensor) => run({ x }, undefined)[0]!)(ownKernel({
  name: 'Abs',
  inputs: ['x'],
  forward: ({ x }) => rawOp('Abs', T, [x]),
  gradients: ({ dy, inputs: { x } }) => ({ x: () => tf.mul(dy, tf.sign(x)) }),
}))

const leaky = ownKernel<number, 'x'>({
  name: 'LeakyRelu',
  inputs: ['x'],
  forward: ({ x }, alpha) => rawOp('LeakyRelu', { ...T, alpha: { float: alpha } }, [x]),
  gradients: ({ dy, inputs: { x }, c: alpha }) => ({ x: () => rawOp('LeakyReluGrad', { ...T, alpha: { float: alpha } }, [dy, x])[0]! }),
})

/** x where it is above 0, `slope` x elsewhere. */
export function leakyRelu (x: Tensor, slope: number): Tensor {
  return leaky({ x }, slope)[0]!
}

const step = ownKernel<number, 'x'>({
  name: 'Above',
  inputs: ['x'],
  forward: ({ x }, threshold) => [tf.cast(tf.greater(x, threshold), 'float32')],
  gradients: ({ inputs: { x } }) => ({ x: () => tf.zerosLike(x) }),
})

/** 1 where x is above the threshold, 0 elsewhere; its gradient is 0, where tfjs has none for comparisons. */
export function above (x: Tensor, threshold = 0): Tensor {
  return step({ x }, threshold)[0]!
}

function elementwise (op: string, gradientOp: string, order: readonly [GradientInput, GradientInput]): Elementwise {
  const run = ownKernel({
    name: op,
    inputs: ['x'],
    forward: ({ x }) => rawOp(op, T, [x]),
    gradients: ({ dy, inputs: { x }, outputs: [y] }) => ({
      x: () => rawOp(gradientOp, T, order.map((name) => ({ dy, x, y: y! })[name]))[0]!,
    }),
  })
  return (x) => run({ x }, undefined)[0]!
}
