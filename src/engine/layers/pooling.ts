/** Forward passes of pooling. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { GlobalPoolingConfig, PoolingConfig } from '../../models/layers/pooling.ts'
import { averagePool, maxOver, maxPool } from '../ops/pooling.ts'
import { unary, type Forward } from './forward.ts'
import { asImage, channelsBack, channelsLast, spatialAxes } from './layout.ts'

export const pooling: Forward<PoolingConfig> = unary((c, x) => channelsBack(pooled(c, channelsLast(x, c.format)), c.format))

export const globalPooling: Forward<GlobalPoolingConfig> = unary((c, x) => {
  const axes = spatialAxes(c.format, x.rank)
  return c.mode === 'max' ? maxOver(x, axes, c.keepAxes) : tf.mean(x, axes, c.keepAxes)
})

function pooled ({ rank, mode, size, strides, padding }: PoolingConfig, x: Tensor): Tensor {
  const pool = mode === 'max' ? maxPool : averagePool
  if (rank === 1) return asImage(x, (image) => pool(image, { size: [1, ...size], strides: [1, ...strides], padding }))
  return pool(x, { size, strides, padding })
}
