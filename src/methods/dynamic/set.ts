/** SET: sparse from start to end; the least weights give way to random ones. */
import type { CreatePruning } from './pruning.ts'
import { rewiring, uniform } from './rewiring.ts'

/**
 * At every update a share of a layer's kept weights, those of least |w|, is dropped, and as many others, drawn at random, grow from zero. Densities of layers by
 * scope `erk` unless the recipe says otherwise. Source: Mocanu et al., Scalable training of artificial neural networks with adaptive sparse connectivity
 * inspired by network science, Nature Communications 2018.
 */
export const set: CreatePruning = (setup) => rewiring(setup, {
  fraction: () => setup.options.fraction as number,
  growth: ({ variable }, state, place) => uniform(setup.seed, state, place, variable.shape),
})
