/** APoZ: a channel that is mostly zero after its activation says little. */
import type { Criterion } from './criterion.ts'
import { spreadOverUnits } from './unit-scores.ts'

/** 1 - APoZ, the average percentage of zeros after the activation, over examples and positions. Source: Hu et al. 2016, equation 1. */
export const apoz: Criterion = {
  description: 'of channels: the share of its activations that are not zero',
  formula: '1 - mean(activation = 0)',
  source: 'Hu et al., Network Trimming: A Data-Driven Neuron Pruning Approach towards Efficient Deep Architectures, 2016',
  observes: 'zeroActivations',
  granularities: ['channel'],
  score: (weights, { observed: { zeroActivations }, grouping }) => spreadOverUnits(weights, grouping, zeroActivations!.map((share) => 1 - share)),
}
