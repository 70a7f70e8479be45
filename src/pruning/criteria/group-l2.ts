/** Group L2: as group L1, but large weights count more. */
import type { Criterion } from './criterion.ts'
import { meansOver } from './group-l1.ts'
import { spreadOverUnits } from './unit-scores.ts'

/** The root of the mean of w^2 over the channel's weights in the kernel, its bias, and its scale and shift in the batch normalisation that follows. Source: Fang et al. 2023, section 3.4. */
export const groupL2: Criterion = {
  description: 'of channels: the root mean square of all that goes with it: its weights, bias, scale and shift',
  formula: 'sqrt(mean w^2) over the channel, its bias, gamma and beta',
  source: 'Fang et al., DepGraph: Towards Any Structural Pruning, CVPR 2023',
  observes: 'companions',
  granularities: ['channel'],
  score: (weights, context) => spreadOverUnits(weights, context.grouping, meansOver(weights, context, (value) => value * value).map(Math.sqrt)),
}
