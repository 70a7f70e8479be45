/** How much memory the values of a graph take while it runs: those that are alive at once, in the order of the operations. */
import { sizeOf, type SymbolicShape } from '../tensor.ts'
import { withoutDead, type ExportGraph, type Value } from './graph.ts'
import type { TfliteModel } from './tflite/model.ts'
import { TYPE_BYTES } from './tflite/schema.ts'

/** A graph by the numbers of its values. */
export interface Flow {
  /** Of each value, for one example; constants have none. */
  readonly bytes: readonly number[]
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly operations: ReadonlyArray<{ readonly inputs: readonly number[], readonly outputs: readonly number[] }>
}

/** A value that takes memory, from the operation `first` to `last`, both included. */
export interface Lifetime { readonly bytes: number, readonly first: number, readonly last: number }

/** Inputs are there from the first operation, outputs to the last; what nobody reads is there while it is made. What follows from constants alone is a constant. */
export function lifetimes ({ bytes, inputs, outputs, operations }: Flow): Lifetime[] {
  const first = new Map<number, number>(inputs.map((value) => [value, 0]))
  const last = new Map<number, number>(inputs.map((value) => [value, 0]))
  operations.forEach((operation, at) => {
    const read = operation.inputs.filter((value) => first.has(value))
    if (read.length === 0) return
    for (const value of operation.outputs) {
      first.set(value, at)
      last.set(value, at)
    }
    for (const value of read) last.set(value, at)
  })
  for (const value of outputs) if (first.has(value)) last.set(value, Math.max(0, operations.length - 1))
  return [...first].map(([value, from]) => ({ bytes: bytes[value]!, first: from, last: last.get(value)! })).filter((one) => one.bytes > 0)
}

/** The largest sum of bytes alive during one operation. */
export function peakBytes (lives: readonly Lifetime[]): number {
  const changes = new Map<number, number>()
  const change = (at: number, bytes: number): void => { changes.set(at, (changes.get(at) ?? 0) + bytes) }
  for (const { bytes, first, last } of lives) {
    change(first, bytes)
    change(last + 1, -bytes)
  }
  let [now, peak] = [0, 0]
  for (const [, bytes] of [...changes].sort(([a], [b]) => a - b)) {
    now += bytes
    peak = Math.max(peak, now)
  }
  return peak
}

/** Of a TFLite file, in its own types. Sizes that are only known with the data are 1 there. */
export function tfliteFlow ({ tensors, operators, inputs, outputs }: TfliteModel): Flow {
  return {
    bytes: tensors.map(({ shape, type, data }) => data === undefined ? sizeOf(shape) * TYPE_BYTES[type] : 0),
    inputs, outputs, operations: operators,
  }
}

/** Of the graph that exports are written from; sizes that are only known with the data count as 1. `floatBytes`: of a float32 as the export computes with it. */
export function graphFlow (graph: ExportGraph, floatBytes = 4): Flow {
  const { inputs, outputs, operations } = withoutDead(graph)
  const typeBytes = { float32: floatBytes, int32: 4, bool: 1 }
  const numbers = new Map<Value, number>()
  const bytes: number[] = []
  const numberOf = (value: Value): number => {
    const known = numbers.get(value)
    if (known !== undefined) return known
    numbers.set(value, bytes.length)
    return bytes.push(value.numbers === undefined ? oneExample(value.shape) * typeBytes[value.type] : 0) - 1
  }
  return {
    bytes,
    inputs: inputs.map(numberOf),
    operations: operations.map(({ inputs, output }) => ({ inputs: inputs.map(numberOf), outputs: [numberOf(output)] })),
    outputs: outputs.map(numberOf),
  }
}

function oneExample (shape: SymbolicShape): number {
  return sizeOf(shape.map((size) => size ?? 1))
}
