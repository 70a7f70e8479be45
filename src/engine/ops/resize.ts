/** Images enlarged bilinearly, pixels taken at their centres; tfjs' gradient takes them at their corners. */
import type { Tensor } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp } from './raw.ts'

const ATTRIBUTES = { T: FLOAT, align_corners: { bool: false }, half_pixel_centers: { bool: true } } as const

/** x [batch, height, width, channels] as [batch, ...size, channels]. */
export function resizeBilinear (x: Tensor, size: readonly [number, number]): Tensor {
  return run({ x }, size)[0]!
}

const run = ownKernel<readonly [number, number], 'x'>({
  name: 'ResizeBilinear',
  inputs: ['x'],
  forward: ({ x }, size) => rawOp('ResizeBilinear', ATTRIBUTES, [x, tf.tensor1d([...size], 'int32')]),
  gradients: ({ dy, inputs: { x } }) => ({ x: () => rawOp('ResizeBilinearGrad', ATTRIBUTES, [dy, x])[0]! }),
})
