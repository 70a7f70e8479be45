/** The arithmetic that schedules are written in, over tensors in a graph and over plain numbers. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

/** Numbers may stand for values wherever a value is taken. */
export interface Arithmetic<T> {
  of (a: T | number): T
  add (a: T | number, b: T | number): T
  sub (a: T | number, b: T | number): T
  mul (a: T | number, b: T | number): T
  div (a: T | number, b: T | number): T
  pow (a: T | number, b: T | number): T
  max (a: T | number, b: T | number): T
  min (a: T | number, b: T | number): T
  floor (a: T): T
  ceil (a: T): T
  cos (a: T): T
  log (a: T): T
  /** `yes` where a < b, else `no`. */
  ifLess (a: T | number, b: T | number, yes: T | number, no: T | number): T
}

const tensor = (a: Tensor | number): Tensor => typeof a === 'number' ? tf.scalar(a) : a

/** float32 scalars. */
export const TENSORS: Arithmetic<Tensor> = {
  of: tensor,
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: tf.div,
  pow: (a, b) => tf.pow(tensor(a), tensor(b)),
  max: tf.maximum,
  min: tf.minimum,
  floor: tf.floor,
  ceil: tf.ceil,
  cos: tf.cos,
  log: tf.log,
  ifLess: (a, b, yes, no) => tf.where(tf.less(a, b), tensor(yes), tensor(no)),
}

export const NUMBERS: Arithmetic<number> = {
  of: (a) => a,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: Math.pow,
  max: Math.max,
  min: Math.min,
  floor: Math.floor,
  ceil: Math.ceil,
  cos: Math.cos,
  log: Math.log,
  ifLess: (a, b, yes, no) => a < b ? yes : no,
}
