/** One training step as an ordinary function over tensors: forward, loss, gradients, update, masks. */
import * as tf from '@tensorflow/tfjs-core'
import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Architecture } from '../../models/architecture/types.ts'
import { randomSource } from '../compile/random.ts'
import { activeRecorder } from '../compile/recorder.ts'
import { runMaskedGraph } from '../forward.ts'
import { clipGradients } from './clip.ts'
import type { OutputLoss } from './objective.ts'
import { reduceLoss } from './losses/index.ts'
import type { Optimizer } from './optimizers/index.ts'
import type { OptimizerOptions } from './options.ts'
import type { Schedule } from './schedules/index.ts'
import type { TrainedWeight, TrainState } from './state.ts'

export interface Batch {
  readonly features: readonly Tensor[]
  readonly targets: readonly Tensor[]
  /** [batch] */
  readonly weights?: Tensor | undefined
}

export interface StepSettings {
  /** With the last activation of an output left away where its loss takes logits. */
  readonly architecture: Architecture
  readonly objective: readonly OutputLoss[]
  readonly optimizer: Optimizer
  readonly options: Pick<OptimizerOptions, 'weightDecay' | 'clip'>
  readonly schedule: Schedule
  readonly seed: number
}

/** Runs a step on the state. `begin` gives the batch; it is called within the step, so that what it does is part of the graph. */
export function trainStep (state: TrainState, settings: StepSettings, begin: () => Batch): void {
  const batch = begin()
  const trained = state.weights.filter((weight) => weight.trained)
  const { gradients, loss, right, statistics } = differentiate(state, settings, batch, trained)
  const at = { learningRate: settings.schedule(tf.cast(state.counter, 'float32')), step: tf.cast(tf.add(state.counter, ONE()), 'float32') }
  const clipped = clipGradients(trained.map(({ variable }) => gradients[variable.name]!), settings.options.clip)
  for (const [index, weight] of trained.entries()) {
    decay(weight.variable, settings.options.weightDecay, at.learningRate)
    update(weight, clipped[index]!, settings.optimizer, at)
    if (weight.mask !== undefined) weight.variable.assign(tf.mul(weight.variable, weight.mask))
  }
  for (const { variable, value } of statistics) variable.assign(value)
  state.counter.assign(tf.add(state.counter, ONE()))
  add(state, loss, right, batch)
}

/** Loss and right answers of a batch at inference, added to the sums. */
export function validationStep (state: TrainState, settings: StepSettings, begin: () => Batch): void {
  const batch = begin()
  const { outputs, masks } = runMaskedGraph(settings.architecture, state.of, batch.features, { keep: true })
  add(state, lossOf(settings, batch, outputs, masks), rightOf(settings, batch, outputs), batch)
}

const ONE = () => tf.scalar(1, 'int32')

interface Differentiated {
  readonly gradients: NamedTensorMap
  readonly loss: Tensor
  readonly right: Tensor
  readonly statistics: ReadonlyArray<{ readonly variable: Variable, readonly value: Tensor }>
}

function differentiate (state: TrainState, settings: StepSettings, batch: Batch, trained: readonly TrainedWeight[]): Differentiated {
  const statistics: Array<{ variable: Variable, value: Tensor }> = []
  let right: Tensor | undefined
  let dataLoss: Tensor | undefined
  const forward = (): tf.Scalar => {
    const extra: Tensor[] = []
    const { outputs, masks } = runMaskedGraph(settings.architecture, state.of, batch.features, {
      keep: true,
      training: {
        random: (node) => randomSource(settings.seed, state.counter, node),
        update (layer, role, value) { statistics.push({ variable: state.of(layer)[role] as Variable, value: tf.keep(value) }) },
        addLoss (loss) { extra.push(loss) },
      },
    })
    right = tf.keep(rightOf(settings, batch, outputs))
    const loss = lossOf(settings, batch, outputs, masks)
    const total = extra.length === 0 ? loss : tf.addN([loss, ...extra])
    dataLoss = tf.keep(tf.clone(total))
    return total as tf.Scalar
  }
  const { grads } = tf.variableGrads(forward, trained.map(({ variable }) => variable))
  // What was kept over the end of the gradients' scope becomes the step's again, and is freed with it.
  const own = <T extends Tensor>(tensor: T): T => {
    const mine = tf.clone(tensor)
    tensor.dispose()
    return mine
  }
  return { gradients: grads, loss: own(dataLoss!), right: own(right!), statistics: statistics.map(({ variable, value }) => ({ variable, value: own(value) })) }
}

function lossOf ({ objective }: StepSettings, batch: Batch, outputs: readonly Tensor[], masks: ReadonlyArray<Tensor | undefined>): Tensor {
  const losses = objective.map(({ loss, fromLogits }, index) =>
    reduceLoss(loss.perExample(batch.targets[index]!, outputs[index]!, fromLogits), { weights: batch.weights, mask: masks[index] }))
  return losses.length === 1 ? losses[0]! : tf.addN(losses)
}

/** Right answers of the first output that has such a thing, as a share of its positions. */
function rightOf ({ objective }: StepSettings, batch: Batch, outputs: readonly Tensor[]): Tensor {
  const index = objective.findIndex(({ right }) => right !== undefined)
  return index < 0 ? tf.scalar(0) : tf.mean(tf.cast(objective[index]!.right!(batch.targets[index]!, outputs[index]!), 'float32'))
}

function update (weight: TrainedWeight, gradient: Tensor, optimizer: Optimizer, at: { learningRate: Tensor, step: Tensor }): void {
  const { variable, slots } = weight
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

function add ({ sums }: TrainState, loss: Tensor, right: Tensor, batch: Batch): void {
  const count = batch.features[0]!.shape[0]!
  sums.loss.assign(tf.add(sums.loss, tf.mul(loss, count)))
  sums.right.assign(tf.add(sums.right, tf.mul(right, count)))
  sums.examples.assign(tf.add(sums.examples, count))
}
