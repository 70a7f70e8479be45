/** What it is to lower a layer: its settings, inputs and weights in, operations of an export out. */
import { EspalierError } from '../../../errors.ts'
import type { NodeCall } from '../../layers/layer-type.ts'
import type { GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'

/** Constants by role, as in WeightSpec. */
export type Weights = Readonly<Record<string, Value>>

/** One application of a layer. */
export interface Application {
  readonly weights: Weights
  readonly call: NodeCall
  /** Keras' mask of each input, bool [batch, steps]; undefined where there is none. */
  readonly masks: ReadonlyArray<Value | undefined>
}

export type Lowering<C> = (g: GraphBuilder, c: C, inputs: readonly Value[], application: Application) => readonly Value[]

/** A layer with one input and one output. */
export function unary<C> (run: (g: GraphBuilder, c: C, x: Value, weights: Weights) => Value): Lowering<C> {
  return (g, c, inputs, { weights }) => [run(g, c, inputs[0]!, weights)]
}

/** The weight of a role. Throws `internal` when it was not given. */
export function weightOf (weights: Weights, role: string): Value {
  const weight = weights[role]
  if (weight === undefined) throw new EspalierError('internal', `the weight ${role} was not given, there are ${Object.keys(weights).join(', ') || 'none'}`)
  return weight
}

/** Its numbers, to compute constants with. */
export function numbersOf (weights: Weights, role: string): Float32Array {
  return weightOf(weights, role).numbers as Float32Array
}

export function range (from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from, 0) }, (_, index) => from + index)
}

/** The error for a layer, setting or size that no operation of an export computes. */
export function notExported (g: GraphBuilder, what: string): EspalierError {
  return new EspalierError('unsupported-layer', `the layer "${g.layer}" cannot be exported: ${what}`, { layer: g.layer })
}
