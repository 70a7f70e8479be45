/** SET: sparse from start to end; the least weights give way to random ones. */
import * as tf from '@tensorflow/tfjs-core'
import type { CreatePruning } from './pruning.ts'
import { rewiring, uniform } from './rewiring.ts'

/** Tells the draws of values from those of places. */
const VALUES = 500_000

/**
 * At every update a share of a layer's kept weights, those of least |w|, is dropped, and as many others, drawn at random, grow, from values drawn in
 * +- the mean |w| of those that are kept. Densities of layers by
 * scope `erk` unless the recipe says otherwise. Source: Mocanu et al., Scalable training of artificial neural networks with adaptive sparse connectivity
 * inspired by network science, Nature Communications 2018.
 */
export const set: CreatePruning = (setup) => rewiring(setup, {
  fraction: () => setup.options.fraction as number,
  growth: ({ variable }, state, place) => uniform(setup.seed, state, place, variable.shape),
  first ({ variable, mask }, state, place) {
    const size = tf.divNoNan(tf.sum(tf.abs(variable)), tf.sum(mask))
    return tf.mul(tf.sub(tf.mul(uniform(setup.seed, state, VALUES + place, variable.shape), 2), 1), size)
  },
})
