/** Lottery tickets: train, prune, rewind what is left to early weights, and train again. */
import { EspalierError } from '../../errors.ts'
import type { CreatePruning } from './pruning.ts'
import { inRounds } from './rounds.ts'

/**
 * The masks come from the weights after each round, the values of the next round from step `rewind` of the first one (0: the weights that training began
 * with). Source: Frankle and Carbin, The Lottery Ticket Hypothesis, ICLR 2019, section 1; Frankle et al., Linear Mode Connectivity and the Lottery Ticket Hypothesis, ICML 2020, for
 * rewinding to a step above 0.
 */
export const lottery: CreatePruning = (setup) => {
  const { rounds, rewind } = setup.options as { rounds: number, rewind: number | string }
  const length = Math.floor(setup.steps / Math.min(rounds, setup.steps))
  const step = typeof rewind === 'string' ? Math.round(parseFloat(rewind) / 100 * length) : rewind
  if (step >= length) throw new EspalierError('invalid-recipe', `recipe: /options/rewind is step ${step}, but a round has ${length} steps (${setup.steps} in ${rounds} rounds): give an earlier one`)
  return inRounds(setup, { rounds, prunesFirst: rounds === 1, rewind: step })
}
