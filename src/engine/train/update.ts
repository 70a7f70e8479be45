/** Applies gradients to weights: clipping, weight decay, then the optimizer, fused where the step is compiled. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { activeRecorder } from '../compile/recorder.ts'
import { clipGradients } from './clip.ts'
import type { Optimizer, StepScalars } from './optimizers/optimizer.ts'
import type { OptimizerOptions } from './options.ts'
import type { Schedule } from './schedules/index.ts'

export interface UpdateSettings {
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly options: Pick<OptimizerOptions, 'weightDecay' | 'clip'>
}

export interface UpdatedWeight {
  readonly variable: Variable
  readonly slots: Readonly<Record<string, Variable>>
  /** Times the learning rate; such a variable is no weight and does not decay. */
  readonly rate?: number
}

/** `counter`: int32 scalar, the steps that are done; it is moved on. Gradients come in the weights' order. Gives the learning rate of the step. */
export function applyGradients (weights: readonly UpdatedWeight[], gradients: readonly Tensor[], { optimizer, schedule, options }: UpdateSettings, counter: Variable): Tensor {
  const next = tf.add(counter, tf.scalar(1, 'int32'))
  const at: StepScalars = { learningRate: schedule(tf.cast(counter, 'float32')), step: tf.cast(next, 'float32') }
  const clipped = clipGradients(gradients, options.clip)
  for (const [index, weight] of weights.entries()) {
    if (weight.rate === undefined) decay(weight.variable, options.weightDecay, at.learningRate)
    update(weight, clipped[index]!, optimizer, weight.rate === undefined ? at : { ...at, learningRate: tf.mul(at.learningRate, weight.rate) })
  }
  counter.assign(next)
  return at.learningRate
}

function update ({ variable, slots }: UpdatedWeight, gradient: Tensor, optimizer: Optimizer, at: StepScalars): void {
  const recorder = activeRecorder()
  if (recorder !== undefined && optimizer.fused !== undefined) {
    recorder.applyResource(optimizer.fused(variable, gradient, slots, at))
    return
  }
  const next = optimizer.update(variable, gradient, slots, at)
  variable.assign(next.weight)
  for (const [name, value] of Object.entries(next.slots)) slots[name]!.assign(value)
}

/** Source: keras Optimizer._apply_weight_decay, which comes before the update. */
function decay (variable: Variable, weightDecay: number, learningRate: Tensor): void {
  if (weightDecay > 0) variable.assign(tf.sub(variable, tf.mul(variable, tf.mul(weightDecay, learningRate))))
}
