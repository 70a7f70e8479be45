/** Gradients of kernels of one position, for batches of one example too, where the library's own way writes beyond its memory. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Tensor } from '@tensorflow/tfjs-core'
import { convolve } from '../../src/engine/ops/convolution.ts'
import { loadEngine, type Engine } from '../../src/engine/runtime.ts'

let engine: Engine

before(async () => { engine = await loadEngine() })

test('the gradient by a 1 x 1 kernel is the sum over positions of input times what comes back', () => {
  const { tf } = engine
  const [size, channels, filters] = [7, 3, 2]
  for (const batch of [1, 3]) {
    for (const stride of [1, 2, 3]) {
      for (const padding of ['same', 'valid'] as const) {
        tf.tidy(() => {
          const x = tf.randomNormal([batch, size, size, channels], 0, 1, 'float32', 1)
          const out = Math.ceil(size / stride)
          const dy = tf.randomNormal([batch, out, out, filters], 0, 1, 'float32', 2)
          const gradient = tf.grad((kernel: Tensor) => tf.sum(tf.mul(convolve(x, kernel, { strides: [stride, stride], padding }), dy)))(tf.zeros([1, 1, channels, filters]))
          const [values, back] = [x.dataSync(), dy.dataSync()]
          gradient.dataSync().forEach((actual, at) => {
            const [channel, filter] = [Math.floor(at / filters), at % filters]
            let expected = 0
            for (let example = 0; example < batch; example++) {
              for (let row = 0; row < out; row++) {
                for (let column = 0; column < out; column++) {
                  expected += values[((example * size + row * stride) * size + column * stride) * channels + channel]! * back[((example * out + row) * out + column) * filters + filter]!
                }
              }
            }
            assert.ok(Math.abs(actual - expected) < 1e-4, `batch ${batch}, stride ${stride}, ${padding}: ${actual} is not ${expected}`)
          })
        })
      }
    }
  }
})
