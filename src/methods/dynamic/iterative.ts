/** Iterative magnitude pruning: rounds of pruning and retraining. */
import type { CreatePruning } from './pruning.ts'
import { inRounds } from './rounds.ts'

/**
 * A trained model is pruned before every round; fresh weights train one round first. Each round goes on with the weights of the one before. Source: Han, Pool, Tran, Dally: Learning
 * both Weights and Connections for Efficient Neural Networks, NIPS 2015, section 3.
 */
export const iterative: CreatePruning = (setup) => inRounds(setup, {
  rounds: setup.options.rounds as number, prunesFirst: setup.recipe.training!.from === 'model' || setup.options.rounds === 1, rewind: null,
})
