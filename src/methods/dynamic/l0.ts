/** L0: every weight or channel has a random gate, and the loss counts the gates that are open. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { prunedWeights, type MaskedWeight } from '../../engine/prune/masks.ts'
import type { RandomSource } from '../../engine/layers/forward.ts'
import { sigmoid } from '../../engine/ops/elementwise.ts'
import { penaltyControl, strengthOf } from './penalty-control.ts'
import { firstMasks, unitsIn } from './pool.ts'
import type { CreatePruning } from './pruning.ts'

/** Temperature, and the interval that the concrete distribution is stretched to before it is cut to [0, 1]. Source: Louizos et al. 2018, section 4.1. */
const BETA = 2 / 3
const [LOW, HIGH] = [-0.1, 1.1]

/** Of the share of open gates, beside a loss of about 1. */
const STRENGTH = 0.1

/** Draws are kept off 0 and 1, whose logarithms are infinite. */
const EDGE = 1e-6

/** A gate that is shut but kept by the projection opens so far, so that its weight can learn. */
const AJAR = 1e-3

/**
 * W = w z with z = min(1, max(0, s (HIGH - LOW) + LOW)) and s = sigmoid((log u - log(1 - u) + log alpha) / BETA), u uniform; without u at inference. The loss gets
 * strength times the share of weights whose gate is open, sigmoid(log alpha - BETA log(-LOW / HIGH)). Source: Louizos, Welling, Kingma: Learning Sparse
 * Neural Networks through L0 Regularization, ICLR 2018, equations 10 to 13.
 */
export const l0: CreatePruning = (setup) => {
  const { rate, initial } = setup.options as { rate: number, initial: number }
  const { weights } = setup.pool
  const units = unitsIn(setup.pool)
  const spread = ({ name }: Pick<MaskedWeight, 'name'>, gates: Tensor): Tensor => units.get(name)!.spread(gates, gates)
  const openGates = (logAlpha: Tensor): Tensor => stretched(sigmoid(logAlpha))
  return penaltyControl(setup, {
    masks: firstMasks(setup.pool, setup.recipe),
    extras: ({ name }) => ({ gate: { shape: [units.get(name)!.count], initial: Math.log(initial / (1 - initial)), trained: { rate } } }),
    strength: STRENGTH,
    score: (weight) => spread(weight, sigmoid(weight.extras.gate!)),
    gone: -LOW / (HIGH - LOW),
    fold: (weight) => tf.mul(weight.variable, spread(weight, tf.maximum(openGates(weight.extras.gate!), AJAR))),
    step: {
      effective: (weight, random) => tf.mul(weight.variable, spread(weight as MaskedWeight, random === null ? openGates(weight.extras.gate!) : drawn(weight.extras.gate!, random))),
      penalty (state) {
        const open = prunedWeights(state).map(({ name, variable, extras }) => {
          const { count, removed } = units.get(name)!
          const probabilities = sigmoid(tf.sub(extras.gate!, BETA * Math.log(-LOW / HIGH)))
          if (typeof removed === 'number') return tf.mul(tf.sum(probabilities), variable.size / count)
          return tf.sum(tf.mul(probabilities, tf.tensor1d(Float32Array.from(removed))))
        })
        return tf.mul(strengthOf(state), tf.div(tf.addN(open), weights))
      },
      after () {},
    },
  })
}

function drawn (logAlpha: Tensor, random: RandomSource): Tensor {
  const u = tf.clipByValue(random.uniform(logAlpha.shape), EDGE, 1 - EDGE)
  return stretched(sigmoid(tf.div(tf.add(tf.sub(tf.log(u), tf.log(tf.sub(1, u))), logAlpha), BETA)))
}

function stretched (s: Tensor): Tensor {
  return tf.clipByValue(tf.add(tf.mul(s, HIGH - LOW), LOW), 0, 1)
}
