/** A data set brought into the shapes a model takes, or told in numbers why it does not fit. */
import { EspalierError } from '../errors.ts'
import type { LayerGraph, Signature } from '../models/architecture/types.ts'
import { sizeOf, type Shape, type SymbolicShape } from '../models/tensor.ts'
import { channelsFirst, movedToFront } from './channels.ts'
import type { ExampleArray, Split } from './dataset.ts'

export interface Adapted {
  readonly split: Split
  /** What was done, for the receipt: "[28, 28] read as [28, 28, 1]". */
  readonly notes: readonly string[]
}

type ModelShapes = Pick<LayerGraph, 'inputShapes' | 'outputShapes'> & Partial<Pick<Signature, 'channelsFirst'>>

/** Rows of targets that are looked at in one go. */
const ROWS_AT_ONCE = 1 << 16

/**
 * The split with features in the model's input shapes: axes of size 1 (a missing channel axis) are added or left out, examples are flattened for a
 * model that takes them flat, and rows of a table are read as the arrays that a model takes; the numbers and their order stay, but for
 * images whose channels a model has in front. Targets are checked against the outputs: one value for each output, or one
 * class index per position, which must be below the number of outputs. Throws `shape-mismatch` with the numbers.
 */
export async function adaptToModel (split: Split, model: ModelShapes): Promise<Adapted> {
  assertCount('inputs', model.inputShapes.length, 'features', split.features.length)
  assertCount('outputs', model.outputShapes.length, 'targets', split.targets.length)
  const notes: string[] = []
  const features = split.features.map((array, index) => {
    const wanted = model.inputShapes[index]!.slice(1)
    const shape = fitted(array.shape, wanted)
    if (shape === undefined && model.channelsFirst === true && array.shape.length >= 3 && fitted(channelsFirst(array.shape), wanted) !== undefined) {
      notes.push(`features ${listed(array.shape)} are turned round to ${listed(channelsFirst(array.shape))}: the model has the channels in front`)
      return movedToFront(array)
    }
    if (shape === undefined) throw misfit(`input ${index + 1} takes`, model.inputShapes[index]!, 'the features', array.shape)
    if (shape.length === array.shape.length) return array
    notes.push(`features ${listed(array.shape)} are read as ${listed(shape)}`)
    return { ...array, shape }
  })
  const targets: ExampleArray[] = []
  for (const [index, array] of split.targets.entries()) {
    const output = model.outputShapes[index]!
    // Where its classes are, evaluation tells from what the model gives.
    targets.push(model.channelsFirst === true && output.length > 2 ? array : await fittedTargets(array, split.examples, output, index))
  }
  return { split: { ...split, features, targets }, notes }
}

/** `shape` as the model wants it, null sizes filled in; undefined when the numbers cannot be meant so. */
function fitted (shape: Shape, wanted: SymbolicShape): Shape | undefined {
  if (wanted.length === shape.length) return wanted.every((size, axis) => size === null || size === shape[axis]) ? shape : undefined
  if (shape.length === 1 && wanted.every((size) => size !== null) && sizeOf(wanted as Shape) === shape[0]) return wanted as Shape
  if (wanted.length === 1) return wanted[0] === null || wanted[0] === sizeOf(shape) ? [sizeOf(shape)] : undefined
  const [own, other] = [shape.filter((size) => size !== 1), wanted.filter((size) => size !== 1)]
  if (own.length !== other.length || !other.every((size, axis) => size === null || size === own[axis])) return undefined
  let at = 0
  return wanted.map((size) => size === 1 ? 1 : own[at++]!)
}

async function fittedTargets (array: ExampleArray, examples: number, output: SymbolicShape, index: number): Promise<ExampleArray> {
  const shape = output.slice(1)
  const classes = shape.at(-1) ?? 1
  // Sizes that are only known with the data cannot be checked before.
  if (shape.some((size) => size === null) || classes === null) return array
  const outputs = sizeOf(shape as Shape)
  const positions = outputs / classes
  const values = sizeOf(array.shape)
  if (values === outputs) return array
  if (classes === 1 || values !== positions) throw misfit(`output ${index + 1} gives`, output, 'the targets', array.shape)
  if (positions > 1) return { ...array, read: async (from, to) => assertLabels(await array.read(from, to), from, positions, classes) }
  for (let from = 0; from < examples; from += ROWS_AT_ONCE) {
    assertLabels(await array.read(from, Math.min(examples, from + ROWS_AT_ONCE)), from, positions, classes)
  }
  return array
}

/** Throws unless all are class indices of a model with `classes` outputs. */
function assertLabels (labels: Float32Array, from: number, positions: number, classes: number): Float32Array {
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!
    if (Number.isInteger(label) && label >= 0 && label < classes) continue
    const example = from + Math.floor(index / positions)
    throw new EspalierError('shape-mismatch', `label ${label} in example ${example}, but the model has ${classes} outputs: classes 0..${classes - 1}`, { label, example, classes })
  }
  return labels
}

function assertCount (ours: string, count: number, theirs: string, found: number): void {
  if (count !== found) throw new EspalierError('shape-mismatch', `the model has ${count} ${ours}, the data set has ${found} arrays of ${theirs}`, { [ours]: count, [theirs]: found })
}

function misfit (what: string, model: SymbolicShape, theirs: string, found: Shape): EspalierError {
  const expected = model.slice(1)
  return new EspalierError('shape-mismatch', `the model's ${what} ${listed(expected)} for one example, ${theirs} have ${listed(found)}`, { expected, found })
}

function listed (shape: SymbolicShape): string {
  return `[${shape.map((size) => size ?? 'any').join(', ')}]`
}
