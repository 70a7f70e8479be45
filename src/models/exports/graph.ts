/** What every export is written from: a graph of operations on arrays, channels last, made of the layer graph. */
import type { SymbolicShape } from '../tensor.ts'
import type { Operator, OperatorName } from './operators.ts'

export type ValueType = 'float32' | 'int32' | 'bool'

/** An array that operations give or take. */
export interface Value {
  /** Unique in its graph. */
  readonly name: string
  /** null: known with the data only; the batch is the first axis. */
  readonly shape: SymbolicShape
  readonly type: ValueType
  /** Of constants, row-major. */
  readonly numbers?: Float32Array | Int32Array
}

/** One use of an operator; `attributes` are those of its kind. */
export type Operation = { readonly [Name in OperatorName]: {
  readonly kind: Name
  readonly attributes: Operator[Name]
  readonly inputs: readonly Value[]
  readonly output: Value
  /** Path of the layer that it computes. */
  readonly layer: string
} }[OperatorName]

/** Operations stand in an order in which every input comes before its use. */
export interface ExportGraph {
  readonly name: string
  readonly inputs: readonly Value[]
  readonly operations: readonly Operation[]
  readonly outputs: readonly Value[]
  /** As the model calls them, each once. */
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
}

/** How often each value is read; outputs of the graph are read once more. */
export function countReads (graph: ExportGraph): Map<Value, number> {
  const reads = new Map<Value, number>()
  for (const value of [...graph.operations.flatMap(({ inputs }) => inputs), ...graph.outputs]) reads.set(value, (reads.get(value) ?? 0) + 1)
  return reads
}

/** The graph without operations whose results nobody reads. */
export function withoutDead (graph: ExportGraph): ExportGraph {
  const live = new Set(graph.outputs)
  const operations = graph.operations.toReversed().filter(({ inputs, output }) => {
    if (!live.has(output)) return false
    for (const input of inputs) live.add(input)
    return true
  })
  return { ...graph, operations: operations.reverse() }
}
