/** Functions that are flat wherever they are differentiable, such as comparisons: their gradients are 0. tfjs has none for them and fails. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'

type One = (x: Tensor) => Tensor
type Two = (a: Tensor, b: Tensor) => Tensor

export const equal = ofTwo('Equal', tf.equal)
export const notEqual = ofTwo('NotEqual', tf.notEqual)
export const greater = ofTwo('Greater', tf.greater)
export const greaterEqual = ofTwo('GreaterEqual', tf.greaterEqual)
export const less = ofTwo('Less', tf.less)
export const lessEqual = ofTwo('LessEqual', tf.lessEqual)
export const logicalAnd = ofTwo('LogicalAnd', tf.logicalAnd)
export const logicalOr = ofTwo('LogicalOr', tf.logicalOr)
export const logicalXor = ofTwo('LogicalXor', tf.logicalXor)
export const logicalNot = ofOne('LogicalNot', tf.logicalNot)
export const isNaN = ofOne('IsNaN', tf.isNaN)
export const isInf = ofOne('IsInf', tf.isInf)
export const isFinite = ofOne('IsFinite', tf.isFinite)
export const toWhole = ofOne('ToWhole', (x) => tf.cast(x, 'int32'))
const castToBool = ofOne('ToBool', (x) => tf.cast(x, 'bool'))
/** The value itself, held to be constant. */
export const stopGradient = ofOne('StopGradient', (x) => tf.clone(x))

/** What is not 0 is true. */
export function toBool (x: Tensor): Tensor {
  return x.dtype === 'bool' ? x : castToBool(x)
}

interface Axes { readonly axes: readonly number[] | undefined, readonly keepAxes: boolean }

const REDUCTIONS = {
  any: overAxes('Any', tf.any),
  all: overAxes('All', tf.all),
  argMax: overAxes('ArgMax', (x, [axis]) => tf.argMax(x, axis)),
  argMin: overAxes('ArgMin', (x, [axis]) => tf.argMin(x, axis)),
}

/** Of bools, over `axes` or all of them. */
export function any (x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  return REDUCTIONS.any({ x }, { axes, keepAxes })[0]!
}

/** Of bools, over `axes` or all of them. */
export function all (x: Tensor, axes?: readonly number[], keepAxes = false): Tensor {
  return REDUCTIONS.all({ x }, { axes, keepAxes })[0]!
}

/** Where along the axis the largest value stands. */
export function argMax (x: Tensor, axis: number): Tensor {
  return REDUCTIONS.argMax({ x }, { axes: [axis], keepAxes: false })[0]!
}

/** Where along the axis the smallest value stands. */
export function argMin (x: Tensor, axis: number): Tensor {
  return REDUCTIONS.argMin({ x }, { axes: [axis], keepAxes: false })[0]!
}

function zero (x: Tensor): () => Tensor {
  return () => tf.zeros(x.shape)
}

function ofOne (name: string, run: One): One {
  const kernel = ownKernel<undefined, 'x'>({ name: `Flat${name}`, inputs: ['x'], forward: ({ x }) => [run(x)], gradients: ({ inputs: { x } }) => ({ x: zero(x) }) })
  return (x) => kernel({ x }, undefined)[0]!
}

function ofTwo (name: string, run: Two): Two {
  const kernel = ownKernel<undefined, 'a' | 'b'>({ name: `Flat${name}`, inputs: ['a', 'b'], forward: ({ a, b }) => [run(a, b)], gradients: ({ inputs: { a, b } }) => ({ a: zero(a), b: zero(b) }) })
  return (a, b) => kernel({ a, b }, undefined)[0]!
}

function overAxes (name: string, run: (x: Tensor, axes: number[], keepAxes: boolean) => Tensor): (inputs: { x: Tensor }, c: Axes) => Tensor[] {
  return ownKernel<Axes, 'x'>({
    name: `Flat${name}`,
    inputs: ['x'],
    forward: ({ x }, { axes, keepAxes }) => [run(x, axes === undefined ? [...x.shape.keys()] : [...axes], keepAxes)],
    gradients: ({ inputs: { x } }) => ({ x: zero(x) }),
  })
}
