/** How examples come into a step: picked by position from what the session holds, or fed as inputs of the step. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { Shape } from '../../models/tensor.ts'
import type { InputSpec } from '../compile/program.ts'
import { gatherRows } from '../ops/gather.ts'
import { rawOp } from '../ops/raw.ts'
import { isStreamed, type ExampleValues, type StreamedData, type TrainingData } from './data.ts'
import type { Batch } from './step.ts'

export interface Feed {
  /** State of the program. */
  readonly variables: Readonly<Record<string, Variable>>
  /** What a step over `size` examples is given; nothing when the session holds them. */
  specs (size: number): readonly InputSpec[]
  /** The next `size` examples, from what the step is given. Runs within a step. */
  next (size: number, inputs: readonly Tensor[]): Batch
  /** Begins with the first of `order`; gives new values of variables. */
  begin (order: Int32Array): Readonly<Record<string, Tensor>>
  /** What the step over the examples [from, to) of the order is given, the caller's to dispose of; undefined when it is given nothing. */
  take?: (from: number, to: number) => Promise<Tensor[]>
  dispose (): void
}

/** `prefix` names its variables in the program. */
export function createFeed (data: TrainingData | StreamedData, prefix: string): Feed {
  return isStreamed(data) ? streamingFeed(data) : sessionFeed(data, prefix)
}

function sessionFeed (data: TrainingData, prefix: string): Feed {
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
    specs: () => [],
    next (size) {
      const begin = tf.reshape(position[1], [1])
      const rows = rawOp('Slice', { T: { type: 'int32' }, Index: { type: 'int32' } }, [order[1], begin, tf.tensor1d([size], 'int32')])[0]!
      position[1].assign(tf.add(position[1], tf.scalar(size, 'int32')))
      const pick = ([, variable]: [string, Variable]): Tensor => gatherRows(variable, rows)
      return { features: features.map(pick), targets: targets.map(pick), ...(weights && { weights: pick(weights) }) }
    },
    begin: (rows) => ({ [order[0]]: tf.tensor1d(rows, 'int32'), [position[0]]: tf.scalar(0, 'int32') }),
    dispose () { tf.dispose(Object.values(variables)) },
  }
}

/** The same examples in the same order, so that a run is the same to the last bit whether it holds its data or not. */
function streamingFeed ({ examples, features, targets, weights }: StreamedData): Feed {
  const arrays = [...features, ...targets]
  let order = new Int32Array()
  let ahead: { readonly from: number, readonly values: Promise<Float32Array[]> } | undefined

  const read = async (from: number, to: number): Promise<Float32Array[]> => {
    const rows = order.subarray(from, to)
    const values = await Promise.all(arrays.map(async (array) => await array.readRows(rows)))
    return weights === undefined ? values : [...values, Float32Array.from(rows, (row) => weights[row]!)]
  }

  return {
    variables: {},
    specs: (size) => [...arrays.map(({ shape }) => [size, ...shape]), ...(weights === undefined ? [] : [[size]])].map((shape) => ({ shape, dtype: 'float32' })),
    next: (_, inputs) => ({
      features: inputs.slice(0, features.length),
      targets: inputs.slice(features.length, arrays.length),
      ...(weights && { weights: inputs[arrays.length] }),
    }),
    begin (rows) {
      order = Int32Array.from(rows)
      ahead = undefined
      return {}
    },
    async take (from, to) {
      const values = await (ahead?.from === from ? ahead.values : read(from, to))
      // The next batch is read while this one is computed.
      const end = Math.min(examples, to + (to - from))
      ahead = to < examples ? { from: to, values: read(to, end) } : undefined
      ahead?.values.catch(() => {})
      return values.map((one, index) => tf.tensor(one, [to - from, ...(arrays[index]?.shape ?? [])], 'float32'))
    },
    dispose () { ahead = undefined },
  }
}
