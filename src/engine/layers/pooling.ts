/** Forward passes of pooling. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import type { GlobalPoolingConfig, PoolingConfig } from '../../models/layers/pooling.ts'
import { unary, type Forward } from './forward.ts'
import { asImage, channelsBack, channelsLast, spatialAxes } from './layout.ts'

export const pooling: Forward<PoolingConfig> = unary((c, x) => channelsBack(pooled(c, channelsLast(x, c.format)), c.format))

export const globalPooling: Forward<GlobalPoolingConfig> = unary((c, x) => {
  const axes = spatialAxes(c.format, x.rank)
  return c.mode === 'max' ? tf.max(x, axes, c.keepAxes) : tf.mean(x, axes, c.keepAxes)
})

function pooled ({ rank, mode, size, strides, padding }: PoolingConfig, x: Tensor): Tensor {
  const flat = mode === 'max' ? tf.maxPool : tf.avgPool
  if (rank === 1) return asImage(x, (image) => flat(image, [1, size[0]!], [1, strides[0]!], padding))
  if (rank === 2) return flat(x as Tensor4D, [size[0]!, size[1]!], [strides[0]!, strides[1]!], padding)
  const deep = mode === 'max' ? tf.maxPool3d : tf.avgPool3d
  return deep(x as Tensor5D, [size[0]!, size[1]!, size[2]!], [strides[0]!, strides[1]!, strides[2]!], padding)
}
