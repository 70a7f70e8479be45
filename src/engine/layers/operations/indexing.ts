/** Operations that take a part of a tensor. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { indexed, stepsOf, type GetItemConfig, type TakeConfig } from '../../../models/layers/operations/indexing.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import { gatherRows } from '../../ops/gather.ts'

/** Slices first, then axes of one index go and new ones come. */
export function item (x: Tensor, { key }: GetItemConfig): Tensor {
  const parts = indexed(key, x.shape)
  const shape: number[] = []
  let value = x
  for (const part of parts) {
    if (part.kind === 'new') {
      shape.push(1)
    } else if (part.kind === 'index') {
      value = along(value, part.axis, [part.index < 0 ? part.index + x.shape[part.axis]! : part.index])
    } else {
      const positions = stepsOf(part, x.shape[part.axis]!)
      value = along(value, part.axis, positions)
      shape.push(positions.length)
    }
  }
  return tf.reshape(value, shape)
}

export function taken (x: Tensor, { axis, indices, shape }: TakeConfig): Tensor {
  const at = frontAxis(axis, x.rank)
  const positions = indices.map((index) => index < 0 ? index + x.shape[at]! : index)
  return tf.reshape(along(x, at, positions), [...x.shape.slice(0, at), ...shape, ...x.shape.slice(at + 1)])
}

/** The positions of one axis: a slice when they follow one another. */
function along (x: Tensor, axis: number, positions: readonly number[]): Tensor {
  const [first = 0] = positions
  if (positions.every((position, index) => position === first + index)) {
    if (positions.length === x.shape[axis]) return x
    return tf.slice(x, x.shape.map((_, at) => at === axis ? first : 0), x.shape.map((size, at) => at === axis ? positions.length : size))
  }
  const order = [axis, ...x.shape.keys()].filter((at, index) => index === 0 || at !== axis)
  const rows = gatherRows(tf.cast(tf.transpose(x, order), 'float32'), tf.tensor1d([...positions], 'int32'))
  return tf.cast(tf.transpose(rows, [...order.keys()].map((at) => order.indexOf(at))), x.dtype)
}
