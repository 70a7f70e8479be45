/** Random draws inside the graph, by TensorFlow's stateless generators: the same for the same seed, step and place. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { RandomSource } from '../layers/forward.ts'
import { nativeBackend } from './native.ts'

/** Spreads consecutive places over all 32 bits. Source: the multiplier of Fibonacci hashing, 2^32 / golden ratio. */
const SPREAD = 0x9E3779B1

/** `counter`: int32 scalar that changes with each step. `place`: what tells this source from all others of the step. */
export function randomSource (seed: number, counter: Tensor, place: number): RandomSource {
  let draws = 0
  const draw = (op: string, shape: readonly number[]): Tensor => {
    const salt = Math.imul(place * 64 + ++draws, SPREAD) ^ seed
    const backend = nativeBackend()
    const type = (name: string, dtype: string) => ({ name, type: backend.binding.TF_ATTR_TYPE, value: backend.getDTypeInteger(dtype) })
    const key = tf.stack([tf.scalar(salt, 'int32'), tf.cast(counter, 'int32')])
    return backend.executeMultipleOutputs(op, [type('dtype', 'float32'), type('T', 'int32'), type('Tseed', 'int32')], [tf.tensor1d([...shape], 'int32'), key], 1)[0]!
  }
  return { uniform: (shape) => draw('StatelessRandomUniform', shape), normal: (shape) => draw('StatelessRandomNormal', shape) }
}
