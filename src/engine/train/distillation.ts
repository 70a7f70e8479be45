/** Learning from the outputs of another model besides the targets. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { sigmoid, softplus } from '../ops/elementwise.ts'
import type { OutputLoss } from './objective.ts'
import { reduceLoss } from './losses/index.ts'

export interface Distillation {
  /** Share of the loss that comes from the teacher, in (0, 1]. */
  readonly weight: number
  /** Above 1 the teacher's small probabilities count more. */
  readonly temperature: number
}

export interface TaughtOutputs {
  readonly outputs: readonly Tensor[]
  /** The teacher's, of the same shapes. */
  readonly taught: readonly Tensor[]
  readonly weights?: Tensor | undefined
  readonly masks: ReadonlyArray<Tensor | undefined>
}

/** Below this a probability has no logarithm that is worth learning. */
const SMALLEST = 1e-7

/**
 * (1 - a) own + a sum over the outputs of T^2 KL(teacher || student) with both at temperature T; (teacher - student)^2 for outputs that are no
 * probabilities. Source: Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015, section 2.
 */
export function distillationLoss ({ weight, temperature }: Distillation, objective: readonly OutputLoss[], own: Tensor, { outputs, taught, weights, masks }: TaughtOutputs): Tensor {
  const parts = outputs.map((output, index) => reduceLoss(perExample(objective[index]!, output, taught[index]!, temperature), { weights, mask: masks[index] }))
  return tf.add(tf.mul(own, 1 - weight), tf.mul(tf.addN(parts), weight))
}

/** One number for each example, or position: the shape without its last axis. */
function perExample ({ loss, fromLogits }: OutputLoss, output: Tensor, teacher: Tensor, temperature: number): Tensor {
  if (loss.logits === 'softmax') {
    const logits = (values: Tensor) => tf.div(fromLogits ? values : tf.log(tf.maximum(values, SMALLEST)), temperature)
    const [student, sure] = [tf.logSoftmax(logits(output)), tf.logSoftmax(logits(teacher))]
    return tf.mul(tf.sum(tf.mul(tf.exp(sure), tf.sub(sure, student)), -1), temperature ** 2)
  }
  if (loss.logits === 'sigmoid') {
    const logits = (values: Tensor) => {
      if (fromLogits) return tf.div(values, temperature)
      const inside = tf.clipByValue(values, SMALLEST, 1 - SMALLEST)
      return tf.div(tf.log(tf.div(inside, tf.sub(1, inside))), temperature)
    }
    const [student, sure] = [logits(output), logits(teacher)]
    const p = sigmoid(sure)
    const difference = tf.add(tf.mul(p, tf.sub(logSigmoid(sure), logSigmoid(student))), tf.mul(tf.sub(1, p), tf.sub(logSigmoid(tf.neg(sure)), logSigmoid(tf.neg(student)))))
    return tf.mul(tf.mean(difference, -1), temperature ** 2)
  }
  return tf.mean(tf.squaredDifference(output, teacher), -1)
}

/** Without the cancellation of log(sigmoid(x)). */
function logSigmoid (x: Tensor): Tensor {
  return tf.neg(softplus(tf.neg(x)))
}
