/** Network slimming: a penalty on the scales of batch normalisation; channels whose scale is least go. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { MaskedWeight } from '../../engine/prune/masks.ts'
import type { TrainedWeight, TrainState } from '../../engine/train/state.ts'
import type { ArchitectureLayer } from '../../models/architecture/types.ts'
import type { ModelFile } from '../../models/model.ts'
import { refuseUnscaled, scalesAfter } from '../channel-scales.ts'
import { penaltyControl, softThreshold, strengthOf } from './penalty-control.ts'
import { firstMasks, unitsIn } from './pool.ts'
import type { CreatePruning, RefuseWeights } from './pruning.ts'

const STRENGTH = 1e-3

/**
 * After each step of the optimizer gamma <- sign(gamma) max(|gamma| - learning rate * strength, 0), the proximal step of strength * sum |gamma|. The last projection is by
 * |gamma|, over all layers or within each; a channel that goes loses its kernel's weights, gamma and beta. Source: Liu et al., Learning Efficient
 * Convolutional Networks through Network Slimming, ICCV 2017, equation 1.
 */
export const slimming: CreatePruning = (setup) => {
  const scaleOf = new Map([...trainedScales(setup.model)].map(([layer, { path }]) => [layer, path]))
  const masks = firstMasks(setup.pool, setup.recipe)
  const scales = new Set(setup.pool.tensors.map(({ layer }) => scaleOf.get(layer)!))
  const units = unitsIn(setup.pool)
  const isScale = (name: string): boolean => scales.has(name.replace(/\/(gamma|beta)$/, '')) && /\/(gamma|beta)$/.test(name)
  const layerOf = (name: string): string => name.slice(0, name.lastIndexOf('/'))
  const weightNamed = ({ weights }: TrainState, name: string): TrainedWeight | undefined => weights.find((weight) => weight.name === name)
  const score = (weight: MaskedWeight, state: TrainState): Tensor => {
    const gamma = weightNamed(state, `${scaleOf.get(layerOf(weight.name))!}/gamma`)!.variable
    return units.get(weight.name)!.spread(tf.abs(gamma), weight.variable)
  }
  return penaltyControl(setup, {
    masks: {
      mask: masks.mask,
      // Scales and shifts are masked along with their channels at the projection.
      keep: (weight, values) => isScale(weight.name) ? new Float32Array(values.length).fill(1) : masks.keep(weight, values),
    },
    strength: STRENGTH,
    score,
    gone: 0,
    settle (state) {
      for (const { layer, name } of setup.pool.tensors) {
        const kernel = weightNamed(state, name) as MaskedWeight
        const kept = tf.cast(tf.greater(units.get(name)!.scores(kernel.mask), 0), 'float32')
        for (const role of ['gamma', 'beta']) {
          const weight = weightNamed(state, `${scaleOf.get(layer)!}/${role}`)
          if (weight?.mask === undefined) continue
          weight.mask.assign(kept)
          weight.variable.assign(tf.mul(weight.variable, kept))
        }
      }
    },
    step: {
      after () {},
      finish (state, learningRate) {
        const cut = tf.mul(learningRate, strengthOf(state))
        for (const path of scales) {
          softThreshold(weightNamed(state, `${path}/gamma`)!.variable, cut)
        }
      },
    },
  })
}

/** Why a kernel has no scale that slimming could shrink; undefined when it has one. */
export const refuseWithoutScale: RefuseWeights = (model) =>
  refuseUnscaled(model, trainedScales(model), 'no trained batch normalisation with a scale follows this layer directly, so there is no scale to shrink')

function trainedScales ({ architecture }: ModelFile): Map<string, ArchitectureLayer> {
  return new Map([...scalesAfter(architecture)].filter(([, { trainable }]) => trainable))
}
