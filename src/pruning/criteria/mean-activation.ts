/** Mean activation: a channel whose activations are small adds little to what comes after. */
import type { Criterion } from './criterion.ts'
import { spreadOverUnits } from './unit-scores.ts'

/** The mean of |activation| over examples and positions. Source: Molchanov et al. 2017, section 2.2, which has it with the sign; signs are left out here for activations that have some. */
export const meanActivation: Criterion = {
  description: 'of channels: the mean absolute activation',
  formula: 'mean |activation|',
  source: 'Molchanov et al., Pruning Convolutional Neural Networks for Resource Efficient Inference, ICLR 2017',
  observes: 'meanActivations',
  granularities: ['channel'],
  // Layers have activations of different sizes.
  scope: 'layer',
  score: (weights, { observed: { meanActivations }, grouping }) => spreadOverUnits(weights, grouping, meanActivations!),
}
