/** FPGM: a filter near the geometric median of its layer can be made up for by the others. */
import type { Grouping } from '../granularity/index.ts'
import type { Criterion } from './criterion.ts'
import { spreadOverUnits } from './unit-scores.ts'

/** The sum of the Euclidean distances to all other filters of the layer; what is near the geometric median has the least. Source: He et al. 2019, equation 4. */
export const fpgm: Criterion = {
  description: 'of channels: the sum of the distances of its weights to those of all other channels of the layer',
  formula: 'sum over j of ||w_i - w_j||_2',
  source: 'He et al., Filter Pruning via Geometric Median for Deep Convolutional Neural Networks Acceleration, CVPR 2019',
  granularities: ['channel'],
  // A sum over the filters of a layer says nothing beside that of another layer.
  scope: 'layer',
  score: (weights, { grouping }) => spreadOverUnits(weights, grouping, distancesOf(weights, grouping)),
}

/** All units are of one size, and their weights stand in the same order in each. */
function distancesOf (weights: Float32Array, grouping: Grouping | null): Float64Array {
  const units = grouping?.groups ?? weights.length
  const vectors = byUnit(weights, grouping, units)
  const width = weights.length / units
  const sums = new Float64Array(units)
  for (let one = 0; one < units; one++) {
    for (let other = one + 1; other < units; other++) {
      let square = 0
      for (let at = 0; at < width; at++) {
        const difference = vectors[one * width + at]! - vectors[other * width + at]!
        square += difference * difference
      }
      const distance = Math.sqrt(square)
      sums[one]! += distance
      sums[other]! += distance
    }
  }
  return sums
}

function byUnit (weights: Float32Array, grouping: Grouping | null, units: number): Float32Array {
  if (grouping === null) return weights
  const width = weights.length / units
  const filled = new Int32Array(units)
  const vectors = new Float32Array(weights.length)
  for (let index = 0; index < weights.length; index++) {
    const unit = grouping.of[index]!
    vectors[unit * width + filled[unit]!++] = weights[index]!
  }
  return vectors
}
