/** Training examples for steps: held in the session and picked by position there, or fed batch by batch. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { mulberry32 } from '../../datasets/random.ts'
import type { Shape } from '../../models/tensor.ts'
import { gatherRows } from '../ops/gather.ts'
import { rawOp } from '../ops/raw.ts'
import type { Batch } from './step.ts'

/** One array of examples in memory: row-major, `shape` is of one example. */
export interface ExampleValues { readonly shape: Shape, readonly values: Float32Array }

export interface TrainingData {
  readonly examples: number
  readonly features: readonly ExampleValues[]
  readonly targets: readonly ExampleValues[]
  /** One number for each example. */
  readonly weights?: Float32Array
}

/** The examples as state of a program. */
export interface SessionData {
  readonly variables: Readonly<Record<string, Variable>>
  /** int32 [examples]: in which order this epoch goes; int32 scalar: how many of them are done. */
  readonly order: Variable
  readonly position: Variable
  /** The next `size` examples of the order; moves the position on. Runs within a step. */
  next (size: number): Batch
  dispose (): void
}

/** Puts the examples on the device. `prefix` names them in the program. */
export function createSessionData (data: TrainingData, prefix: string): SessionData {
  const make = (name: string, values: Float32Array | Int32Array, shape: Shape, dtype: 'float32' | 'int32'): [string, Variable] => {
    const tensor = tf.tensor(values, [...shape], dtype)
    const variable = tf.variable(tensor, false)
    tensor.dispose()
    return [`${prefix}:${name}`, variable]
  }
  const arrays = (kind: string, list: readonly ExampleValues[]) => list.map(({ shape, values }, index) => make(`${kind}${index}`, values, [data.examples, ...shape], 'float32'))
  const [features, targets] = [arrays('x', data.features), arrays('y', data.targets)]
  const weights = data.weights === undefined ? undefined : make('w', data.weights, [data.examples], 'float32')
  const order = make('order', Int32Array.from({ length: data.examples }, (_, index) => index), [data.examples], 'int32')
  const position = make('position', Int32Array.of(0), [], 'int32')
  const variables = Object.fromEntries([...features, ...targets, ...(weights === undefined ? [] : [weights]), order, position])
  return {
    variables,
    order: order[1],
    position: position[1],
    next (size) {
      const begin = tf.reshape(position[1], [1])
      const rows = rawOp('Slice', { T: { type: 'int32' }, Index: { type: 'int32' } }, [order[1], begin, tf.tensor1d([size], 'int32')])[0]!
      position[1].assign(tf.add(position[1], tf.scalar(size, 'int32')))
      const pick = ([, variable]: [string, Variable]): Tensor => gatherRows(variable, rows)
      return { features: features.map(pick), targets: targets.map(pick), ...(weights && { weights: pick(weights) }) }
    },
    dispose () { tf.dispose(Object.values(variables)) },
  }
}

/** The order of one epoch, the same for the same seed and epoch. Source: Fisher and Yates, in Durstenfeld's form. */
export function epochOrder (examples: number, seed: number, epoch: number, shuffle: boolean): Int32Array {
  const order = Int32Array.from({ length: examples }, (_, index) => index)
  if (!shuffle) return order
  const random = mulberry32(Math.imul(seed, 0x9E3779B1) ^ Math.imul(epoch + 1, 0x85EBCA6B))
  for (let last = examples - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const value = order[last]!
    order[last] = order[other]!
    order[other] = value
  }
  return order
}
