/** Forward passes of pooling. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GlobalPoolingConfig, PoolingConfig } from '../../models/layers/pooling.ts'
import { averagePool, maxOver, maxPool } from '../ops/pooling.ts'
import { unary, type Forward } from './forward.ts'
import { asImage, channelsBack, channelsLast, spatialAxes } from './layout.ts'

export const pooling: Forward<PoolingConfig> = unary((c, x) => channelsBack(pooled(c, channelsLast(x, c.format)), c.format))

export const globalPooling: Forward<GlobalPoolingConfig> = (c, [x], _, { masks: [mask] }) => {
  const axes = spatialAxes(c.format, x!.rank)
  if (c.mode === 'max') return [maxOver(x!, axes, c.keepAxes)]
  // Of layers that average, Keras' one for sequences leaves masked steps out.
  if (mask === undefined || x!.rank !== 3) return [tf.mean(x!, axes, c.keepAxes)]
  const kept = tf.expandDims(tf.cast(mask, 'float32'), c.format === 'channels_last' ? 2 : 1)
  return [tf.div(tf.sum(tf.mul(x!, kept), axes, c.keepAxes), tf.sum(kept, axes, c.keepAxes))]
}

function pooled ({ rank, mode, size, strides, padding }: PoolingConfig, x: Tensor): Tensor {
  const pool = mode === 'max' ? maxPool : averagePool
  if (rank === 1) return asImage(x, (image) => pool(image, { size: [1, ...size], strides: [1, ...strides], padding }))
  return pool(x, { size, strides, padding })
}
