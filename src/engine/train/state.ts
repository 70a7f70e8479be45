/** Everything that changes while a model trains: weights, the optimizer's slots, masks, the step counter and the sums of an epoch. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { WeightRule } from '../../models/layers/weight-rules.ts'
import type { ModelFile, TensorChanges } from '../../models/model.ts'
import type { Shape } from '../../models/tensor.ts'
import type { Weights } from '../layers/index.ts'
import type { Optimizer } from './optimizers/index.ts'

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
  /** 1 = keep. */
  readonly mask?: Variable
  /** Regulariser and constraint. */
  readonly rule?: WeightRule
}

export interface TrainState {
  readonly weights: readonly TrainedWeight[]
  of (layer: number): Weights
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
  readonly changes?: TensorChanges | undefined
  /** Shapes of the metrics' sums. */
  readonly metrics?: ReadonlyMap<string, Shape>
  /** The mask of a weight, from its first values: row-major 0 or 1; undefined where it has none. */
  readonly mask?: ((weight: { readonly name: string, readonly key: string, readonly prunable: boolean }, values: Float32Array) => Float32Array | undefined) | undefined
}

/** The caller disposes of it. Throws what reading the file throws. */
export async function createState (model: ModelFile, { optimizer, changes, mask, metrics = new Map() }: StateOptions): Promise<TrainState> {
  const byPath = new Map(model.layers.map((layer) => [layer.path, layer]))
  const weights: TrainedWeight[] = []
  const variables: Record<string, Variable> = {}
  const make = (name: string, value: Tensor, trained = false): Variable => {
    const variable = tf.variable(value, trained)
    value.dispose()
    variables[name] = variable
    return variable
  }
  try {
    for (const [layer, { path, trainable, rules }] of model.architecture.layers.entries()) {
      for (const { role, spec, tensor, prunable } of byPath.get(path)?.weights ?? []) {
        if (spec === undefined) continue
        const [name, trained, shape] = [`${path}/${role}`, trainable && spec.trainable, [...tensor.shape]]
        const values = changes?.get(tensor.key) ?? await tensor.read()
        const kept = trained ? mask?.({ name, key: tensor.key, prunable }, values) : undefined
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
          slots: trained ? Object.fromEntries(optimizer.slots.map((slot) => [slot.name, make(`slot:${slot.name}:${name}`, tf.fill(shape, slot.initial))])) : {},
          ...(kept && { mask: make(`mask:${name}`, tf.tensor(kept, shape, 'float32')) }),
          ...(rule && { rule }),
        })
      }
    }
    const counter = make('counter', tf.scalar(0, 'int32'))
    const sums = { loss: make('sum:loss', tf.scalar(0)), examples: make('sum:examples', tf.scalar(0)) }
    const gathered = Object.fromEntries([...metrics].map(([name, shape]) => [name, make(name, tf.zeros([...shape]))]))
    const layers = model.architecture.layers.map((_, layer): Weights => Object.fromEntries(weights.filter((one) => one.layer === layer).map((one) => [one.role, one.variable])))
    return { weights, of: (layer) => layers[layer] ?? {}, counter, sums, metrics: gathered, variables, dispose () { tf.dispose(Object.values(variables)) } }
  } catch (error) {
    tf.dispose(Object.values(variables))
    throw error
  }
}
