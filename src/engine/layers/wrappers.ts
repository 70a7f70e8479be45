/** Forward passes of layers around other layers. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { BidirectionalConfig, TimeDistributedConfig } from '../../models/layers/wrappers.ts'
import type { Forward, Weights } from './forward.ts'
import { runSequence } from './recurrent.ts'

export const bidirectional: Forward<BidirectionalConfig> = ({ forward, backward, merge }, [x], weights, context) => {
  const run = { x: x!, mask: context.masks[0], states: [] }
  const [first, ...states] = runSequence(forward, run, within(weights, 'forward_layer/'), context)
  const [second, ...others] = runSequence(backward, run, within(weights, 'backward_layer/'), context)
  const other = backward.sequences ? tf.reverse(second!, 1) : second!
  return [...merge === null ? [first!, other] : [MERGES[merge](first!, other)], ...states, ...others]
}

const MERGES = {
  concat: (a: Tensor, b: Tensor) => tf.concat([a, b], -1),
  sum: (a: Tensor, b: Tensor) => tf.add(a, b),
  mul: (a: Tensor, b: Tensor) => tf.mul(a, b),
  ave: (a: Tensor, b: Tensor) => tf.div(tf.add(a, b), 2),
} as const

/** `forwards` gives the forward pass of a type: the wrapper stands in that table itself. */
export function timeDistributed (forwards: (type: string) => Forward<unknown>): Forward<TimeDistributedConfig> {
  return ({ inner }, [x], weights, context) => {
    // Keras takes the statistics of every step by itself, one after the other.
    if (context.training && inner.type === 'BatchNormalization') {
      throw new EspalierError('unsupported-layer', 'TimeDistributed around BatchNormalization is not trained here; it can be run')
    }
    const [batch, steps] = x!.shape as [number, number]
    const flat = tf.reshape(x!, [batch * steps, ...x!.shape.slice(2)])
    return forwards(inner.type)(inner.config, [flat], weights, { ...context, masks: [undefined] })
      .map((y) => tf.reshape(y, [batch, steps, ...y.shape.slice(1)]))
  }
}

function within (weights: Weights, prefix: string): Weights {
  return Object.fromEntries(Object.entries(weights).filter(([role]) => role.startsWith(prefix)).map(([role, value]) => [role.slice(prefix.length), value]))
}
