/** One training step as an ordinary function over tensors: forward, loss, gradients, update, masks. */
import * as tf from '@tensorflow/tfjs-core'
import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Architecture } from '../../models/architecture/types.ts'
import { randomSource } from '../compile/random.ts'
import { runMaskedGraph } from '../forward.ts'
import { constrain } from './constraints.ts'
import type { OutputLoss } from './objective.ts'
import { reduceLoss } from './losses/index.ts'
import { regularizationLoss } from './regularizers.ts'
import { accumulate, type RunMetric } from './run-metrics.ts'
import type { TrainedWeight, TrainState } from './state.ts'
import { applyGradients, type UpdateSettings } from './update.ts'

export interface Batch {
  readonly features: readonly Tensor[]
  readonly targets: readonly Tensor[]
  /** [batch] */
  readonly weights?: Tensor | undefined
}

export interface StepSettings extends UpdateSettings {
  /** With the last activation of an output left away where its loss takes logits. */
  readonly architecture: Architecture
  readonly objective: readonly OutputLoss[]
  readonly metrics: readonly RunMetric[]
  readonly seed: number
}

/** Runs a step on the state. `begin` gives the batch; it is called within the step, so that what it does is part of the graph. */
export function trainStep (state: TrainState, settings: StepSettings, begin: () => Batch): void {
  const batch = begin()
  const trained = state.weights.filter((weight) => weight.trained)
  const { gradients, loss, metrics, statistics } = differentiate(state, settings, batch, trained)
  applyGradients(trained, trained.map(({ variable }) => gradients[variable.name]!), settings, state.counter)
  for (const { variable, rule, mask } of trained) {
    if (rule?.constraint !== undefined) variable.assign(constrain(rule.constraint, variable))
    if (mask !== undefined) variable.assign(tf.mul(variable, mask))
  }
  for (const { variable, value } of statistics) variable.assign(value)
  add(state, loss, metrics, batch)
}

/** Loss and metrics of a batch at inference, added to the sums. */
export function validationStep (state: TrainState, settings: StepSettings, begin: () => Batch): void {
  const batch = begin()
  const { outputs, masks } = runMaskedGraph(settings.architecture, state.of, batch.features, { keep: true })
  add(state, lossOf(settings, batch, outputs, masks), accumulate(settings.metrics, state.metrics, batch.targets, outputs, masks), batch)
}

interface Differentiated {
  readonly gradients: NamedTensorMap
  readonly loss: Tensor
  readonly metrics: ReadonlyMap<string, Tensor>
  readonly statistics: ReadonlyArray<{ readonly variable: Variable, readonly value: Tensor }>
}

function differentiate (state: TrainState, settings: StepSettings, batch: Batch, trained: readonly TrainedWeight[]): Differentiated {
  const statistics: Array<{ variable: Variable, value: Tensor }> = []
  let metrics: ReadonlyMap<string, Tensor> = new Map()
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
    metrics = new Map([...accumulate(settings.metrics, state.metrics, batch.targets, outputs, masks)].map(([name, value]) => [name, tf.keep(value)]))
    const loss = lossOf(settings, batch, outputs, masks)
    const penalties = trained.flatMap(({ rule, variable }) => rule?.regularizer === undefined ? [] : [regularizationLoss(rule.regularizer, variable)])
    const total = extra.length + penalties.length === 0 ? loss : tf.addN([loss, ...extra, ...penalties])
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
  return { gradients: grads, loss: own(dataLoss!), metrics: new Map([...metrics].map(([name, value]) => [name, own(value)])), statistics: statistics.map(({ variable, value }) => ({ variable, value: own(value) })) }
}

function lossOf ({ objective }: StepSettings, batch: Batch, outputs: readonly Tensor[], masks: ReadonlyArray<Tensor | undefined>): Tensor {
  const losses = objective.map(({ loss, fromLogits }, index) =>
    reduceLoss(loss.perExample(batch.targets[index]!, outputs[index]!, fromLogits), { weights: batch.weights, mask: masks[index] }))
  return losses.length === 1 ? losses[0]! : tf.addN(losses)
}

function add ({ sums, metrics }: TrainState, loss: Tensor, gathered: ReadonlyMap<string, Tensor>, batch: Batch): void {
  const count = batch.features[0]!.shape[0]!
  sums.loss.assign(tf.add(sums.loss, tf.mul(loss, count)))
  sums.examples.assign(tf.add(sums.examples, count))
  for (const [name, value] of gathered) metrics[name]!.assign(value)
}
