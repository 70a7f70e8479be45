/** Everything that changes while a model trains: weights, the optimizer's slots, masks, the step counter and the sums of an epoch. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { WeightRule } from '../../models/layers/weight-rules.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import type { Shape } from '../../models/tensor.ts'
import type { Weights } from '../layers/index.ts'
import type { ExtraState, Pruner } from '../prune/pruner.ts'
import type { Optimizer } from './optimizers/index.ts'
import { sharedState, type SharedWeight } from './shared-weights.ts'
import type { UpdatedWeight } from './update.ts'

export interface TrainedWeight {
  /** `layer/role`, unique in the model. */
  readonly name: string
  /** Of the tensor in the model file. */
  readonly key: string
  /** Index into `architecture.layers`. */
  readonly layer: number
  readonly role: string
  readonly variable: Variable
  /** Updated by gradients; others only by the layer itself (moving statistics) or not at all. */
  readonly trained: boolean
  readonly prunable: boolean
  readonly slots: Readonly<Record<string, Variable>>
  /** 1 = keep. Only of weights that are pruned, or kept pruned. */
  readonly mask?: Variable
  /** Is the mask the pruning method's to change? */
  readonly pruned: boolean
  /** What the pruning method keeps beside a weight that is pruned, by name. */
  readonly extras: Readonly<Record<string, Variable>>
  /** The values that its elements share: trained in place of the weight, which follows them. */
  readonly shared?: SharedWeight
  /** Its value at an earlier step, where the pruning method remembers it; at first the one that training begins with. */
  readonly early?: Variable
  /** Regulariser and constraint. */
  readonly rule?: WeightRule
}

export interface TrainState {
  readonly weights: readonly TrainedWeight[]
  of (layer: number): Weights
  /** The weights of the model that this one is to learn from; absent without one. */
  readonly teacher?: (layer: number) => Weights
  /** State of pruning methods that gradients change: by the variable's name. */
  readonly gates: readonly UpdatedWeight[]
  /** What the optimizer's slots begin with, by name. */
  readonly slotInitials: Readonly<Record<string, number>>
  /** float32 scalars of the pruning method, by name. */
  readonly scalars: Readonly<Record<string, Variable>>
  /** int32 scalar: steps that are done. */
  readonly counter: Variable
  /** float32 scalars of the epoch so far: sum of the loss times examples, and examples. */
  readonly sums: { readonly loss: Variable, readonly examples: Variable }
  /** What metrics have gathered in the epoch so far, by name. */
  readonly metrics: Readonly<Record<string, Variable>>
  /** All of it by name, for the program and for checkpoints. */
  readonly variables: Readonly<Record<string, Variable>>
  dispose (): void
}

export interface StateOptions {
  readonly optimizer: Optimizer
  readonly changes?: HeldChanges | undefined
  /** Shapes of the metrics' sums. */
  readonly metrics?: ReadonlyMap<string, Shape>
  readonly pruner?: Pruner | undefined
  /** A model of the same layers whose weights, as they are in its file, are kept beside those that are trained. */
  readonly teacher?: ModelFile | undefined
}

/** How the names of a teacher's variables begin: they come from the file again and are in no checkpoint. */
export const TEACHER = 'teacher:'

/** The caller disposes of it. Throws what reading the file throws. */
export async function createState (model: ModelFile, { optimizer, changes, pruner, teacher, metrics = new Map() }: StateOptions): Promise<TrainState> {
  const byPath = new Map(model.layers.map((layer) => [layer.path, layer]))
  const weights: TrainedWeight[] = []
  const variables: Record<string, Variable> = {}
  const gates: UpdatedWeight[] = []
  const taught: Array<Record<string, Variable>> = []
  const make = (name: string, value: Tensor, trained = false): Variable => {
    const variable = tf.variable(value, trained)
    value.dispose()
    variables[name] = variable
    return variable
  }
  const slotsOf = (name: string, shape: readonly number[]) =>
    Object.fromEntries(optimizer.slots.map((slot) => [slot.name, make(`slot:${slot.name}:${name}`, tf.fill([...shape], slot.initial))]))
  const extra = (name: string, { shape, initial, trained }: ExtraState): Variable => {
    const variable = make(name, typeof initial === 'number' ? tf.fill([...shape], initial) : tf.tensor(initial, [...shape], 'float32'), trained !== undefined)
    if (trained !== undefined) gates.push({ variable, slots: slotsOf(name, shape), rate: trained.rate })
    return variable
  }
  try {
    for (const [layer, { path, trainable, rules }] of model.architecture.layers.entries()) {
      for (const { role, spec, tensor, prunable } of byPath.get(path)?.weights ?? []) {
        if (spec === undefined) continue
        const [name, trained, shape] = [`${path}/${role}`, trainable && spec.trainable, [...tensor.shape]]
        const values = changes?.get(tensor.key) ?? await tensor.read()
        const facts = { name, key: tensor.key, shape, prunable }
        const shares = trained ? pruner?.shares?.(facts) : undefined
        const own = trained ? pruner?.mask?.(facts, values) : undefined
        const kept = own ?? (trained && shares === undefined ? pruner?.keep?.(facts, values) : undefined)
        const rule = rules?.[role]
        if (trained && rule?.problem !== undefined) throw new EspalierError('unsupported-layer', `the layer "${path}" cannot be trained here: ${rule.problem}`, { layer: path })
        weights.push({
          name,
          key: tensor.key,
          layer,
          role,
          trained,
          prunable,
          variable: make(`weight:${name}`, tf.tensor(values, shape, 'float32'), trained),
          slots: trained && shares === undefined ? slotsOf(name, shape) : {},
          pruned: own !== undefined,
          extras: own === undefined ? {} : Object.fromEntries(Object.entries(pruner?.extras?.(facts) ?? {}).map(([kind, one]) => [kind, extra(`extra:${kind}:${name}`, one)])),
          ...(kept && { mask: make(`mask:${name}`, tf.tensor(kept, shape, 'float32')) }),
          ...(shares && { shared: sharedState(name, shape, shares, make, slotsOf) }),
          ...(pruner?.remembers === true && { early: make(`early:${name}`, tf.tensor(values, shape, 'float32')) }),
          ...(rule && { rule }),
        })
      }
    }
    for (const [layer, { path }] of (teacher?.architecture.layers ?? []).entries()) {
      for (const { role, spec, tensor } of teacher!.layers.find((one) => one.path === path)?.weights ?? []) {
        if (spec !== undefined) (taught[layer] ??= {})[role] = make(`${TEACHER}${path}/${role}`, tf.tensor(await tensor.read(), [...tensor.shape], 'float32'))
      }
    }
    const counter = make('counter', tf.scalar(0, 'int32'))
    const sums = { loss: make('sum:loss', tf.scalar(0)), examples: make('sum:examples', tf.scalar(0)) }
    const gathered = Object.fromEntries([...metrics].map(([name, shape]) => [name, make(name, tf.zeros([...shape]))]))
    const scalars = Object.fromEntries(Object.entries(pruner?.scalars ?? {}).map(([name, value]) => [name, make(`scalar:${name}`, tf.scalar(value))]))
    const layers = model.architecture.layers.map((_, layer): Weights => Object.fromEntries(weights.filter((one) => one.layer === layer).map((one) => [one.role, one.variable])))
    return {
      weights,
      of: (layer) => layers[layer] ?? {},
      ...(teacher !== undefined && { teacher: (layer: number) => taught[layer] ?? {} }),
      gates,
      slotInitials: Object.fromEntries(optimizer.slots.map(({ name, initial }) => [name, initial])),
      scalars,
      counter,
      sums,
      metrics: gathered,
      variables,
      dispose () { tf.dispose(Object.values(variables)) },
    }
  } catch (error) {
    tf.dispose(Object.values(variables))
    throw error
  }
}
