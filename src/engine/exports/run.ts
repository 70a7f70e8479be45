/** Computes the graph of an export operation by operation. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { ExportGraph, Value, ValueType } from '../../models/exports/graph.ts'
import type { SymbolicShape } from '../../models/tensor.ts'
import type { BatchArray } from '../predict.ts'
import { toBool, toWhole } from '../ops/flat.ts'
import { RUNS } from './operators.ts'

export interface ExportRun {
  /** Sees every result, and may give another in its place. */
  see? (value: Value, result: Tensor): Tensor
}

type AnyRun = (inputs: readonly Tensor[], attributes: unknown, shape: SymbolicShape) => Tensor

/** The outputs, in the graph's order. TensorFlow must be loaded. Throws `shape-mismatch` for a wrong number of inputs. */
export async function runExport (graph: ExportGraph, inputs: readonly BatchArray[], { see = (_, result) => result }: ExportRun = {}): Promise<BatchArray[]> {
  if (inputs.length !== graph.inputs.length) throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs, ${inputs.length} are given`)
  const outputs = tf.tidy(() => {
    const values = new Map<Value, Tensor>()
    for (const [index, input] of graph.inputs.entries()) values.set(input, see(input, tf.tensor(inputs[index]!.values, [...inputs[index]!.shape])))
    const valueOf = (value: Value): Tensor => {
      let tensor = values.get(value)
      if (tensor === undefined) values.set(value, tensor = tf.tensor(value.numbers!, value.shape as number[], value.type))
      return tensor
    }
    for (const { kind, inputs: given, output, attributes } of graph.operations) {
      const tensors = given.map(valueOf)
      const result = kind === 'cast' ? converted(tensors[0]!, output.type) : (RUNS[kind] as AnyRun)(tensors, attributes, output.shape)
      values.set(output, see(output, result))
    }
    return graph.outputs.map(valueOf)
  })
  const read = await Promise.all(outputs.map(async (output) => ({ values: await output.data<'float32'>(), shape: output.shape })))
  tf.dispose(outputs)
  return read
}

function converted (x: Tensor, type: ValueType): Tensor {
  return type === 'bool' ? toBool(x) : type === 'int32' ? (x.dtype === 'float32' ? toWhole(x) : tf.cast(x, 'int32')) : tf.cast(x, 'float32')
}
