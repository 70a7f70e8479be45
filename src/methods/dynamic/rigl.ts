/** RigL: sparse from start to end; the least weights give way to those that the gradient asks for. */
import * as tf from '@tensorflow/tfjs-core'
import type { CreatePruning } from './pruning.ts'
import { rewiring } from './rewiring.ts'

/**
 * At every update a share f/2 (1 + cos(pi t / T)) of a layer's kept weights, those of least |w|, is dropped, and as many with the largest |dL/dw| over all that are
 * not kept grow, from zero. Densities of layers by scope `erk` unless the recipe says otherwise. Source: Evci et al., Rigging the Lottery: Making All
 * Tickets Winners, ICML 2020, section 3.
 */
export const rigl: CreatePruning = (setup) => {
  const { begin, end } = setup.schedule
  return rewiring(setup, {
    fraction: (step) => (setup.options.fraction as number) / 2 * (1 + Math.cos(Math.PI * Math.min(1, (step - begin) / Math.max(1, end - begin)))),
    growth: ({ extras }) => tf.abs(extras.gradient!),
    before: {
      gradient ({ extras }, gradient) {
        extras.gradient!.assign(gradient)
        return gradient
      },
    },
  })
}
