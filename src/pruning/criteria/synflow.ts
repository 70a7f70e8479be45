/** SynFlow: a weight matters as much as what flows through it from all inputs to all outputs; no data is needed. */
import { combine, type Criterion } from './criterion.ts'

/** Weights that are there go after those that are not, however little flows through them. */
const LEAST = 2 ** -149

/** |w| dR/d|w|, scored anew in each of many rounds, so that no layer is cut through before all are thin. Source: Tanaka et al. 2020, equation 3 and algorithm 1. */
export const synflow: Criterion = {
  description: 'the absolute weight times the derivative by it of what flows from inputs of ones to the outputs through the absolute weights',
  formula: '|w| dR/d|w|, R = sum of the outputs of |model|(1)',
  source: 'Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow, NeurIPS 2020',
  observes: 'flow',
  rounds: 100,
  score: (weights, { observed: { flow } }) => combine(weights, flow, (weight, one) => weight === 0 ? 0 : Math.max(Math.abs(weight) * one, LEAST)),
}
