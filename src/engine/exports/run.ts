/** Computes the graph of an export operation by operation. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import { countReads, type ExportGraph, type Value } from '../../models/exports/graph.ts'
import type { BatchArray } from '../predict.ts'
import { RUNS } from './operators.ts'

export interface ExportRun {
  /** Sees every result. */
  see? (value: Value, result: Tensor): void
  /** What takes the place of a result: the same tensor, or another. */
  replace? (value: Value, result: Tensor): Tensor
}

type AnyRun = (inputs: readonly Tensor[], attributes: unknown, output: Value) => Tensor

/** The outputs, in the graph's order; what is between is held up to its last use. TensorFlow must be loaded. Throws `shape-mismatch` for a wrong number of inputs. */
export async function runExport (graph: ExportGraph, inputs: readonly BatchArray[], { see, replace }: ExportRun = {}): Promise<BatchArray[]> {
  if (inputs.length !== graph.inputs.length) throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs, ${inputs.length} are given`)
  const outputs = tf.tidy(() => {
    const values = new Map<Value, Tensor>()
    const left = countReads(graph)
    const placed = (value: Value, result: Tensor): Tensor => {
      const made = replace === undefined ? result : tf.tidy(() => replace(value, result))
      if (made !== result) result.dispose()
      return made
    }
    for (const [index, input] of graph.inputs.entries()) {
      values.set(input, placed(input, tf.tensor(inputs[index]!.values, [...inputs[index]!.shape])))
      see?.(input, values.get(input)!)
    }
    const valueOf = (value: Value): Tensor => {
      let tensor = values.get(value)
      if (tensor === undefined) values.set(value, tensor = tf.tensor(value.numbers!, value.shape as number[], value.type))
      return tensor
    }
    const used = (value: Value): void => {
      const count = (left.get(value) ?? 0) - 1
      left.set(value, count)
      if (count <= 0) values.get(value)?.dispose()
    }
    for (const { kind, inputs: given, output, attributes } of graph.operations) {
      const tensors = given.map(valueOf)
      const result = placed(output, tf.tidy(() => {
        const made = (RUNS[kind] as AnyRun)(tensors, attributes, output)
        // What changes nothing gives its input, which has an end of its own.
        return tensors.includes(made) ? tf.clone(made) : made
      }))
      values.set(output, result)
      see?.(output, result)
      for (const value of given) used(value)
      if (!left.has(output)) result.dispose()
    }
    return graph.outputs.map(valueOf)
  })
  const read = await Promise.all(outputs.map(async (output) => ({ values: await output.data<'float32'>(), shape: output.shape })))
  tf.dispose(outputs)
  return read
}
