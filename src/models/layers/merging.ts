/** Layers and operations that make one tensor of several. */
import type { SymbolicShape } from '../tensor.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader, MAX_RANK } from './reader.ts'
import { exampleSize, frontAxis, mergedShape, misfit, shapeText, type Size } from './shapes.ts'

export type MergeName = 'Add' | 'Subtract' | 'Multiply' | 'Average' | 'Maximum' | 'Minimum'

export interface MergeConfig { readonly merge: MergeName }
export interface ConcatenateConfig { readonly axis: number }
export interface DotConfig { readonly axes: readonly [number, number], readonly normalize: boolean }
/** Each operand is the next input or a number. */

export function merging (merge: MergeName): LayerType<MergeConfig> {
  return layerType({
    classNames: [merge],
    parse: () => ({ merge }),
    outputShape (_, shapes) {
      if (merge === 'Subtract' && shapes.length !== 2) throw misfit(`it takes two inputs, it is given ${shapes.length}`)
      return mergedShape(shapes)
    },
  })
}

export const concatenate: LayerType<ConcatenateConfig> = layerType({
  classNames: ['Concatenate'],
  parse: (config, where) => ({ axis: new ConfigReader(config, where).integer('axis', { min: -MAX_RANK, fallback: -1 }) }),
  outputShape (c, shapes) {
    const [first, ...others] = shapes
    if (first === undefined) throw misfit('it takes inputs, it is given none')
    const axis = frontAxis(c.axis, first.length)
    return others.reduce<SymbolicShape>((joined, shape) => {
      if (shape.length !== joined.length) throw misfit(`its inputs ${shapeText(joined)} and ${shapeText(shape)} have different ranks`)
      return joined.map((size, at): Size => at === axis ? (size === null || shape[at]! === null ? null : size + shape[at]!) : agreed(size, shape[at]!, joined, shape))
    }, first)
  },
})

/** The sum of products along one axis of each of two inputs, example by example. */
export const dot: LayerType<DotConfig> = layerType({
  classNames: ['Dot'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const axes = reader.axes('axes')
    if (axes.length > 2 || axes.length === 0) throw reader.wrong('axes', 'one axis or two')
    return { axes: [axes[0]!, axes[1] ?? axes[0]!], normalize: reader.flag('normalize', false) }
  },
  outputShape (c, shapes) {
    const { a, b, axes } = dotInputs(c, shapes)
    const rest = [...a.filter((_, axis) => axis !== 0 && axis !== axes[0]), ...b.filter((_, axis) => axis !== 0 && axis !== axes[1])]
    return [a[0]!, ...(rest.length === 0 ? [1] : rest)]
  },
  macs (c, shapes, [output]) {
    const { a, axes } = dotInputs(c, shapes)
    return exampleSize(output!) * (a[axes[0]] ?? 1)
  },
})

function dotInputs (c: DotConfig, shapes: readonly SymbolicShape[]) {
  const [a, b] = shapes
  if (a === undefined || b === undefined || shapes.length !== 2) throw misfit(`it takes two inputs, it is given ${shapes.length}`)
  const axes = [frontAxis(c.axes[0], a.length), frontAxis(c.axes[1], b.length)] as const
  if (axes.includes(0)) throw misfit('it cannot sum over the batch axis')
  agreed(a[axes[0]]!, b[axes[1]]!, a, b)
  return { a, b, axes }
}

function agreed (x: Size, y: Size, a: SymbolicShape, b: SymbolicShape): Size {
  if (x !== null && y !== null && x !== y) throw misfit(`its inputs ${shapeText(a)} and ${shapeText(b)} do not fit together`)
  return x ?? y
}
