/** The derivative of the loss by every prunable weight, at inference: what snip, taylor and fisher prune by. */
import * as tf from '@tensorflow/tfjs-core'
import type { Scalar } from '@tensorflow/tfjs-core'
import { runMaskedGraph } from '../forward.ts'
import { reduceLoss } from '../train/losses/index.ts'
import type { Observation } from './observation.ts'
import { compensatedSum } from './sums.ts'

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
  /** Mean of (sum of w g)^2 over the weights of each output unit; units are counted along the kernel's output axes, row-major. */
  readonly unitMeanSquare: Float32Array
}

const SUMS = ['mean', 'meanSquare', 'unitMeanSquare'] as const

export const lossGradients: Observation<LossGradients> = {
  description: 'mean and mean square of the derivative of the loss by every prunable weight',
  async create ({ architecture, weights, asked, objective: decide }) {
    const objective = await decide()
    const seen = asked.map(({ name, variable, layer, role }) => {
      const outputs = architecture.layers[layer]!.weights?.find((spec) => spec.role === role)?.axes.output ?? []
      const shapes = { mean: variable.shape, meanSquare: variable.shape, unitMeanSquare: outputs.map((axis) => variable.shape[axis]!) }
      const [mean, meanSquare, unitMeanSquare] = SUMS.map((what) => compensatedSum(`lossGradients:${name}:${what}`, shapes[what]))
      return { name, variable, inputs: [...variable.shape.keys()].filter((axis) => !outputs.includes(axis)), mean: mean!, meanSquare: meanSquare!, unitMeanSquare: unitMeanSquare! }
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
        for (const { variable, inputs, mean, meanSquare, unitMeanSquare } of seen) {
          const gradient = grads[variable.name]
          // A weight that no output depends on.
          if (gradient === undefined) continue
          mean.add(tf.mul(gradient, examples))
          meanSquare.add(tf.mul(tf.square(gradient), examples))
          unitMeanSquare.add(tf.mul(tf.square(tf.sum(tf.mul(variable, gradient), inputs)), examples))
        }
      },
      results: (read, examples) => new Map(seen.map(({ name }) => {
        const [mean, meanSquare, unitMeanSquare] = SUMS.map((what) => read(`lossGradients:${name}:${what}`).map((value) => value / examples))
        return [name, { mean: mean!, meanSquare: meanSquare!, unitMeanSquare: unitMeanSquare! }]
      })),
    }
  },
}
