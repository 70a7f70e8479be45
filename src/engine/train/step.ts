/** One training step as an ordinary function over tensors: forward, loss, gradients, update, masks. */
import * as tf from '@tensorflow/tfjs-core'
import type { NamedTensorMap, Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Architecture } from '../../models/architecture/types.ts'
import { randomSource } from '../compile/random.ts'
import { runMaskedGraph } from '../forward.ts'
import type { Weights } from '../layers/index.ts'
import type { StepKind } from '../prune/pruner.ts'
import { constrain } from './constraints.ts'
import { distillationLoss, type Distillation } from './distillation.ts'
import type { OutputLoss } from './objective.ts'
import { reduceLoss } from './losses/index.ts'
import { regularizationLoss } from './regularizers.ts'
import { accumulate, type RunMetric } from './run-metrics.ts'
import { followShared, sharedGradient } from './shared-weights.ts'
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
  /** How much the model learns from its teacher; absent: not at all. */
  readonly distillation?: Distillation
  /** Of the teacher, where it is another model. */
  readonly taughtBy?: Architecture
}

/** Draws of a pruning method are told from those of the graph's nodes by their place. */
const WEIGHT_PLACE = 1_000_000

/** Runs a step on the state. `begin` gives the batch; it is called within the step, so that what it does is part of the graph. */
export function trainStep (state: TrainState, settings: StepSettings, kind: StepKind, begin: () => Batch): void {
  const batch = begin()
  const trained = state.weights.filter((weight) => weight.trained)
  const { gradients, loss, metrics, statistics } = differentiate(state, settings, kind, batch, trained)
  const gradientOf = (weight: TrainedWeight): Tensor => {
    const gradient = gradients[weight.variable.name]!
    if (weight.shared !== undefined) return sharedGradient(weight.shared, gradient)
    return !weight.pruned ? gradient : kind.gradient?.(weight, gradient, state) ?? gradient
  }
  const learningRate = applyGradients([...trained.map((weight) => weight.shared ?? weight), ...state.gates], [...trained.map(gradientOf), ...state.gates.map(({ variable }) => gradients[variable.name] ?? tf.zerosLike(variable))], settings, state.counter)
  for (const weight of trained) {
    const { variable, rule, mask, shared } = weight
    if (shared !== undefined) {
      followShared(shared, variable)
      continue
    }
    if (rule?.constraint !== undefined) variable.assign(constrain(rule.constraint, variable))
    if (mask === undefined) continue
    if (weight.pruned && kind.after !== undefined) kind.after(weight, learningRate, state)
    else variable.assign(tf.mul(variable, mask))
  }
  for (const { variable, value } of statistics) variable.assign(value)
  kind.finish?.(state, learningRate)
  add(state, loss, metrics, batch)
}

/** Loss and metrics of a batch at inference, added to the sums. */
export function validationStep (state: TrainState, settings: StepSettings, kind: StepKind, begin: () => Batch): void {
  const batch = begin()
  const { outputs, masks } = runMaskedGraph(settings.architecture, effectiveWeights(state, kind, null), batch.features, { keep: true })
  add(state, lossOf(settings, batch, outputs, masks), accumulate(settings.metrics, state.metrics, batch.targets, outputs, masks), batch)
}

/** The weights of each layer as the forward pass sees them. */
export function effectiveWeights (state: TrainState, { effective }: StepKind, seed: number | null): (layer: number) => Weights {
  if (effective === undefined) return state.of
  const changed = new Map<number, Record<string, Tensor>>()
  for (const [index, weight] of state.weights.entries()) {
    if (!weight.pruned) continue
    const values = effective(weight, seed === null ? null : randomSource(seed, state.counter, WEIGHT_PLACE + index))
    changed.set(weight.layer, { ...changed.get(weight.layer), [weight.role]: values })
  }
  return (layer) => changed.has(layer) ? { ...state.of(layer), ...changed.get(layer) } : state.of(layer)
}

interface Differentiated {
  readonly gradients: NamedTensorMap
  readonly loss: Tensor
  readonly metrics: ReadonlyMap<string, Tensor>
  readonly statistics: ReadonlyArray<{ readonly variable: Variable, readonly value: Tensor }>
}

function differentiate (state: TrainState, settings: StepSettings, kind: StepKind, batch: Batch, trained: readonly TrainedWeight[]): Differentiated {
  const statistics: Array<{ variable: Variable, value: Tensor }> = []
  let metrics: ReadonlyMap<string, Tensor> = new Map()
  let dataLoss: Tensor | undefined
  const taught = state.teacher && runMaskedGraph(settings.taughtBy ?? settings.architecture, state.teacher, batch.features, { keep: true }).outputs
  const forward = (): tf.Scalar => {
    const extra: Tensor[] = []
    const { outputs, masks } = runMaskedGraph(settings.architecture, effectiveWeights(state, kind, settings.seed), batch.features, {
      keep: true,
      training: {
        random: (node) => randomSource(settings.seed, state.counter, node),
        update (layer, role, value) { statistics.push({ variable: state.of(layer)[role] as Variable, value: tf.keep(value) }) },
        addLoss (loss) { extra.push(loss) },
      },
    })
    metrics = new Map([...accumulate(settings.metrics, state.metrics, batch.targets, outputs, masks)].map(([name, value]) => [name, tf.keep(value)]))
    const own = lossOf(settings, batch, outputs, masks)
    const loss = taught === undefined ? own : distillationLoss(settings.distillation!, settings.objective, own, { outputs, taught, weights: batch.weights, masks })
    const penalty = kind.penalty?.(state)
    if (penalty !== undefined) extra.push(penalty)
    const penalties = trained.flatMap(({ rule, variable }) => rule?.regularizer === undefined ? [] : [regularizationLoss(rule.regularizer, variable)])
    const total = extra.length + penalties.length === 0 ? loss : tf.addN([loss, ...extra, ...penalties])
    dataLoss = tf.keep(tf.clone(total))
    return total as tf.Scalar
  }
  const { grads } = tf.variableGrads(forward, [...trained, ...state.gates].map(({ variable }) => variable))
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
