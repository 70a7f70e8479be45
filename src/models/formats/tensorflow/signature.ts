/** What a TensorFlow graph takes and gives, as data sets are matched with it; or why examples cannot be run through it. */
import type { Signature } from '../../architecture/types.ts'
import type { SymbolicShape } from '../../tensor.ts'
import { isFloat } from '../file-tensor.ts'
import { dtypeName, numberTypeOf } from './dtypes.ts'
import { named, notRun } from './fail.ts'
import type { TensorGraph } from './graph-def.ts'
import { lastFunction } from './last-function.ts'
import type { GraphValue } from './run-graph.ts'

/** A value as a signature tells it. Without `value` it is a sparse tensor or made of several, without `shape` the number of its axes is not known. */
export interface GivenValue { readonly name: string, readonly value?: string, readonly dtype: number, readonly shape?: SymbolicShape }

/** An open axis says that nothing of the shape can be checked before a model runs. */
const RANK_UNKNOWN = [null, null]

/** Every input must be a tensor of numbers with an axis for the examples. Throws `unsupported-layer` naming one that is not. */
export function inputOf ({ name, value, dtype, shape }: GivenValue): GraphValue {
  const type = numberTypeOf(dtype)
  if (value === undefined || type === undefined) throw notRun(`its input ${named(name)} takes ${value === undefined ? 'no plain tensor' : `values of the type ${dtypeName(dtype)}`}, which are not fed here`)
  if (shape === undefined) throw notRun(`its input ${named(name)} has no shape`)
  if (shape.length === 0) throw notRun(`its input ${named(name)} has no axis for examples`)
  return { name, value, dtype, type, shape }
}

/** Of the outputs, tensors of fractions are taken. Throws `unsupported-layer` when there are none. */
export function outputsOf (outputs: readonly GivenValue[]): GraphValue[] {
  const taken = outputs.flatMap(({ name, value, dtype, shape }): GraphValue[] => {
    const type = numberTypeOf(dtype)
    return value === undefined || type === undefined || !isFloat(type) || shape?.length === 0 ? [] : [{ name, value, dtype, type, shape: shape ?? RANK_UNKNOWN }]
  })
  if (taken.length === 0) throw notRun(`no output of its signature is a tensor of fractions for each example (${outputs.map(({ name, dtype }) => `${named(name)}: ${dtypeName(dtype)}`).join(', ') || 'it has none'})`)
  return taken
}

export function signatureOf (graph: TensorGraph, inputs: readonly GraphValue[], outputs: readonly GraphValue[]): Signature {
  return {
    inputNames: inputs.map(({ name }) => name),
    inputShapes: inputs.map(({ shape }) => shape),
    inputTypes: inputs.map(({ type }) => type),
    outputNames: outputs.map(({ name }) => name),
    outputShapes: outputs.map(({ shape }) => shape),
    activations: outputs.map(({ value }) => lastFunction(graph, value)),
    classAxes: outputs.map(() => null),
    channelsFirst: false,
  }
}
