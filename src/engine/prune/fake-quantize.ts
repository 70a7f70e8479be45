/** Weights and activations as whole numbers times a scale would give them, in training: what is rounded is not seen by the gradient. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Range } from '../../models/exports/tflite/numbers.ts'
import { LEVELS, type Grid } from '../../models/quantization/grid.ts'
import { rawOp, type RawAttribute } from '../ops/raw.ts'

/** The least scale, so that weights of zeros stay zeros. */
const LEAST = 1e-30

const INT8: Readonly<Record<string, RawAttribute>> = { num_bits: { int: 8 }, narrow_range: { bool: false } }

/**
 * The weight on its grid by today's largest magnitudes; the gradient reaches all of it unchanged, as none lies beyond the range. Source: Jacob et al. 2018,
 * Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference.
 */
export function fakeQuantizeWeight (weight: Tensor, grid: Grid): Tensor {
  return tf.customGrad((value) => ({ value: rounded(value as Tensor, grid), gradFunc: (dy: Tensor) => dy }))(weight)
}

/** By a fixed range that holds 0, in int8 with a zero point; no gradient passes outside of it. */
export function fakeQuantizeActivation (activation: Tensor, { min, max }: Range): Tensor {
  const ends = (): Tensor[] => [tf.scalar(Math.min(min, 0)), tf.scalar(Math.max(max, 0))]
  return tf.customGrad((x, save) => {
    const value = x as Tensor
    ;(save as (tensors: Tensor[]) => void)([value])
    return {
      value: rawOp('FakeQuantWithMinMaxVars', INT8, [value, ...ends()])[0]!,
      gradFunc: (dy: Tensor, saved: Tensor[]) => rawOp('FakeQuantWithMinMaxVarsGradient', INT8, [dy, saved[0]!, ...ends()], 3)[0]!,
    }
  })(activation)
}

function rounded (weight: Tensor, { type, axes, group }: Grid): Tensor {
  const others = weight.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  if (group === null) return toScales(weight, others, LEVELS[type])
  const order = [...axes, ...others]
  const channels = axes.reduce((product, axis) => product * weight.shape[axis]!, 1)
  const places = weight.size / channels
  const groups = Math.ceil(places / group)
  const rows = tf.reshape(tf.transpose(weight, order), [channels, places])
  const parted = tf.reshape(tf.pad(rows, [[0, 0], [0, groups * group - places]]), [channels * groups, group])
  const back = tf.slice(tf.reshape(toScales(parted, [1], LEVELS[type]), [channels, groups * group]), [0, 0], [channels, places])
  return tf.transpose(tf.reshape(back, order.map((axis) => weight.shape[axis]!)), order.map((_, axis) => order.indexOf(axis)))
}

function toScales (x: Tensor, over: number[], levels: number): Tensor {
  const scales = tf.maximum(tf.div(tf.max(tf.abs(x), over, true), levels), LEAST)
  return tf.mul(tf.round(tf.div(x, scales)), scales)
}
