/** Sums over many batches that do not lose what is small beside them. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Shape } from '../../models/tensor.ts'

export interface Sum {
  readonly variables: Readonly<Record<string, Variable>>
  /** Within a step. */
  add (value: Tensor): void
}

/** A float32 sum with what its additions rounded away, in the variables `name` and `name:lost`. Source: Kahan 1965; tensors have no float64. */
export function compensatedSum (name: string, shape: Shape): Sum {
  const [sum, lost] = [zeros(shape), zeros(shape)]
  return {
    variables: { [name]: sum, [`${name}:lost`]: lost },
    add (value) {
      tf.tidy(() => {
        const rest = tf.sub(value, lost)
        const next = tf.add(sum, rest)
        lost.assign(tf.sub(tf.sub(next, sum), rest))
        sum.assign(next)
      })
    },
  }
}

/** A plain float32 sum in the variable `name`: one copy and one pass, for what is large and need not be exact. */
export function plainSum (name: string, shape: Shape): Sum {
  const sum = zeros(shape)
  return { variables: { [name]: sum }, add (value) { tf.tidy(() => { sum.assign(tf.add(sum, value)) }) } }
}

/** A variable of zeros. */
export function zeros (shape: Shape): Variable {
  const value = tf.zeros([...shape])
  const variable = tf.variable(value, false)
  value.dispose()
  return variable
}
