/** The derivative of the loss by every prunable weight, at inference: what snip, taylor and fisher prune by. */
import * as tf from '@tensorflow/tfjs-core'
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import { runMaskedGraph } from '../forward.ts'
import { reduceLoss } from '../train/losses/index.ts'
import type { Observation } from './observation.ts'
import { compensatedSum } from './sums.ts'
import type { UnitLayout } from '../prune/units.ts'
import { segmentSum } from '../ops/gather.ts'

/**
 * Of the loss over the data, without regularisers. All means are over batches, weighted by their examples; with `perExample` every example is a batch.
 * Sources: Lee et al. 2019, "SNIP"; Molchanov et al. 2019, "Importance estimation for neural network pruning"; Theis et al. 2018, "Faster gaze
 * prediction with dense networks and Fisher pruning".
 */
export interface LossGradients {
  /** Mean of g = dL/dw, in the kernel's shape: the gradient over all examples. */
  readonly mean: Float32Array
  /** Mean of g^2, in the kernel's shape; with `perExample` the diagonal of the empirical Fisher information. */
  readonly meanSquare: Float32Array
  /** Mean of (sum of w g)^2 over the weights of each unit: of those that were asked for, else of outputs, along the kernel's output axes, row-major. */
  readonly unitMeanSquare: Float32Array
}

const SUMS = ['mean', 'meanSquare', 'unitMeanSquare'] as const

export const lossGradients: Observation<LossGradients> = {
  description: 'mean and mean square of the derivative of the loss by every prunable weight',
  async create ({ architecture, weights, asked, unitsOf, objective: decide }) {
    const objective = await decide()
    const seen = asked.map(({ name, variable, layer, role }) => {
      const units = unitsIn(variable, unitsOf(name), architecture.layers[layer]!.weights?.find((spec) => spec.role === role)?.axes.output ?? [])
      const shapes = { mean: variable.shape, meanSquare: variable.shape, unitMeanSquare: units.shape }
      const [mean, meanSquare, unitMeanSquare] = SUMS.map((what) => compensatedSum(`lossGradients:${name}:${what}`, shapes[what]))
      return { name, variable, units, mean: mean!, meanSquare: meanSquare!, unitMeanSquare: unitMeanSquare! }
    })
    return {
      variables: Object.assign({}, ...seen.flatMap((one) => SUMS.map((what) => one[what].variables))) as Record<string, tf.Variable>,
      skipped: new Map(),
      learn ({ features, targets }) {
        if (seen.length === 0) return
        const examples = features[0]!.shape[0]!
        const loss = (): Scalar => {
          const { outputs, masks } = runMaskedGraph(objective.architecture, weights.of, features, { keep: true })
          const losses = objective.outputs.map(({ loss: one, fromLogits }, index) => reduceLoss(one.perExample(targets[index]!, outputs[index]!, fromLogits), { mask: masks[index] }))
          return (losses.length === 1 ? losses[0]! : tf.addN(losses)) as Scalar
        }
        const { grads } = tf.variableGrads(loss, seen.map(({ variable }) => variable))
        for (const { variable, units, mean, meanSquare, unitMeanSquare } of seen) {
          const gradient = grads[variable.name]
          // A weight that no output depends on.
          if (gradient === undefined) continue
          mean.add(tf.mul(gradient, examples))
          meanSquare.add(tf.mul(tf.square(gradient), examples))
          unitMeanSquare.add(tf.mul(tf.square(units.sum(tf.mul(variable, gradient))), examples))
        }
      },
      results: (read, examples) => new Map(seen.map(({ name }) => {
        const [mean, meanSquare, unitMeanSquare] = SUMS.map((what) => read(`lossGradients:${name}:${what}`).map((value) => value / examples))
        return [name, { mean: mean!, meanSquare: meanSquare!, unitMeanSquare: unitMeanSquare! }]
      })),
    }
  },
}

interface UnitSums {
  readonly shape: readonly number[]
  /** Within a step: the sums of a tensor in the kernel's shape, unit by unit. */
  sum (elements: Tensor): Tensor
}

function unitsIn ({ shape }: Tensor, layout: UnitLayout | null | undefined, outputs: readonly number[]): UnitSums {
  if (layout === null) return { shape, sum: (elements) => elements }
  if (layout !== undefined) {
    const { of, groups } = layout
    return { shape: [groups], sum: (elements) => segmentSum(tf.reshape(elements, [-1]), tf.tensor1d(of, 'int32'), groups) }
  }
  const inputs = [...shape.keys()].filter((axis) => !outputs.includes(axis))
  return { shape: outputs.map((axis) => shape[axis]!), sum: (elements) => tf.sum(elements, inputs) }
}
