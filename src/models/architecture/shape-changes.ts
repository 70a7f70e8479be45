/** How the inputs of layers differ in shape between two architectures of the same layers. */
import type { SymbolicShape } from '../tensor.ts'
import type { Architecture } from './types.ts'

export interface InputChange { readonly before: SymbolicShape, readonly after: SymbolicShape }

/** By the layers' paths: the inputs of each call. What an InputLayer is given, or gives, is its one input. */
export function inputChanges (before: Architecture, after: Architecture): Map<string, InputChange[][]> {
  const [old, now] = [callsOf(before), callsOf(after)]
  return new Map([...old].map(([path, calls]) => [path, calls.flatMap((shapes, call) => {
    const others = now.get(path)?.[call]
    return others?.length === shapes.length ? [shapes.map((shape, input) => ({ before: shape, after: others[input]! }))] : []
  })]))
}

export function isChanged (inputs: readonly InputChange[]): boolean {
  return inputs.some(({ before, after }) => !isSame(before, after, 0))
}

/**
 * `shape`, which Keras wrote for one of the inputs of these calls, as it is now; its batch axis stays as it is written. Undefined when it is the shape of
 * none of them, or of several that differ now.
 */
export function renewed (shape: SymbolicShape, calls: ReadonlyArray<readonly InputChange[]>): SymbolicShape | undefined {
  const inputs = calls.flat()
  const found = inputs.filter(({ before }) => isSame(before, shape, 1)).map(({ after }) => after)
  const [first] = found
  if (first === undefined) return inputs.some(({ after }) => isSame(after, shape, 1)) ? shape : undefined
  return found.every((one) => isSame(one, first, 1)) ? [...shape.slice(0, 1), ...first.slice(1)] : undefined
}

function isSame (a: SymbolicShape, b: SymbolicShape, from: number): boolean {
  return a.length === b.length && a.every((size, axis) => axis < from || size === b[axis])
}

function callsOf ({ layers, graph }: Architecture): Map<string, SymbolicShape[][]> {
  const calls = new Map<string, SymbolicShape[][]>()
  const add = (layer: number, shapes: readonly SymbolicShape[]) => {
    const { path } = layers[layer]!
    calls.set(path, [...calls.get(path) ?? [], [...shapes]])
  }
  for (const { layer, inputs, inputShapes, outputShapes } of graph?.nodes ?? []) add(layer, inputs.length > 0 ? inputShapes : outputShapes)
  for (const { layer, shape } of graph?.innerInputs ?? []) add(layer, [shape])
  return calls
}
