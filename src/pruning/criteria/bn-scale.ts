/** BN scale: batch normalisation scales every channel, and a channel with a small scale says little. */
import type { Criterion } from './criterion.ts'
import { spreadOverUnits } from './unit-scores.ts'

/** |gamma| of the batch normalisation that alone reads the layer's output. Source: Liu et al. 2017; without the penalty that shrinks scales while training (see the method slimming). */
export const bnScale: Criterion = {
  description: 'of channels: the absolute scale of the batch normalisation that follows',
  formula: '|gamma|',
  source: 'Liu et al., Learning Efficient Convolutional Networks through Network Slimming, ICCV 2017',
  observes: 'scales',
  granularities: ['channel'],
  score: (weights, { observed: { scales }, grouping }) => spreadOverUnits(weights, grouping, scales!.map(Math.abs)),
}
