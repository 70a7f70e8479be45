/** Weights that share values: the values are trained, by the sum of the gradients of all elements that have them. Source: Han, Mao, Dally 2016, Deep Compression, section 3.3. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { gatherRows, segmentSum } from '../ops/gather.ts'
import type { SharedValues } from '../prune/pruner.ts'

/** Stands for its weight where the optimizer is concerned, and decays as it would. */
export interface SharedWeight {
  /** [values] float32, the codebook. */
  readonly variable: Variable
  readonly slots: Readonly<Record<string, Variable>>
  /** In the weight's shape, int32: which value each element has. */
  readonly indices: Variable
}

type Make = (name: string, value: Tensor, trained?: boolean) => Variable

export function sharedState (name: string, shape: readonly number[], { codebook, indices }: SharedValues, make: Make, slotsOf: (name: string, shape: readonly number[]) => Record<string, Variable>): SharedWeight {
  return {
    variable: make(`codebook:${name}`, tf.tensor1d(codebook)),
    slots: slotsOf(`codebook:${name}`, [codebook.length]),
    indices: make(`indices:${name}`, tf.tensor(Int32Array.from(indices), [...shape], 'int32')),
  }
}

/** Of the codebook: of the first value, which is 0, it is 0, as no rule of an optimizer moves what is 0 by a gradient that always was. */
export function sharedGradient ({ variable, indices }: SharedWeight, gradient: Tensor): Tensor {
  const size = variable.shape[0]!
  const sums = segmentSum(gradient, indices, size)
  return tf.mul(sums, tf.cast(tf.greater(tf.range(0, size, 1, 'int32'), tf.scalar(0, 'int32')), 'float32'))
}

/** The weight takes on the values as they are. */
export function followShared ({ variable, indices }: SharedWeight, weight: Variable): void {
  weight.assign(gatherRows(variable, indices))
}
