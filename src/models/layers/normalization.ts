/** Layers that normalise: by moving statistics, within an example, or by fixed numbers. */
import type { WeightSpec } from '../architecture/types.ts'
import type { SymbolicShape } from '../tensor.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader, type Constant } from './reader.ts'
import { frontAxis, knownSize, misfit, onlyInput } from './shapes.ts'
import { kept } from './weights.ts'

interface ScaleAndShift { readonly epsilon: number, readonly scale: boolean, readonly center: boolean }

export interface BatchNormalizationConfig extends ScaleAndShift { readonly axis: number, readonly momentum: number, readonly renorm: boolean }
/** `byVariance`: Keras' deprecated rms_scaling, which divides by the standard deviation and does not subtract the mean. */
export interface LayerNormalizationConfig extends ScaleAndShift { readonly axes: readonly number[], readonly byVariance: boolean }
/** `groups` -1: one per channel. */
export interface GroupNormalizationConfig extends ScaleAndShift { readonly axis: number, readonly groups: number }
export interface RmsNormalizationConfig { readonly axes: readonly number[], readonly epsilon: number }
export interface UnitNormalizationConfig { readonly axes: readonly number[] }
/** Without `given` mean and variance are weights. */
export interface NormalizationConfig { readonly axes: readonly number[], readonly invert: boolean, readonly given?: { readonly mean: Constant, readonly variance: Constant } }

export const batchNormalization: LayerType<BatchNormalizationConfig> = layerType({
  classNames: ['BatchNormalization', 'SyncBatchNormalization', 'BatchNormalizationV1', 'BatchNormalizationV2'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const axes = reader.axes('axis', -1)
    if (axes.length !== 1) throw reader.wrong('axis', 'one axis')
    return { axis: axes[0]!, ...scaleAndShift(reader), momentum: reader.number('momentum', 0.99), renorm: reader.flag('renorm', false) }
  },
  weights (c, shapes) {
    const size = [knownSize(onlyInput(shapes), c.axis)]
    const statistics = ['moving_mean', 'moving_variance', ...(c.renorm ? ['moving_stddev', 'renorm_mean', 'renorm_stddev'] : [])]
    return [...gammaAndBeta(c, size), ...statistics.map((role) => kept(role, size, 'statistics'))]
  },
  outputShape: (c, shapes) => sameWithAxes(shapes, [c.axis]),
})

export const layerNormalization: LayerType<LayerNormalizationConfig> = layerType({
  classNames: ['LayerNormalization'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    return { axes: reader.axes('axis', -1), ...scaleAndShift(reader), byVariance: reader.flag('rms_scaling', false) }
  },
  weights (c, shapes) {
    const sizes = sizesOf(shapes, c.axes)
    return gammaAndBeta({ scale: c.scale || c.byVariance, center: c.center && !c.byVariance }, sizes)
  },
  outputShape: (c, shapes) => sameWithAxes(shapes, c.axes),
})

export const groupNormalization: LayerType<GroupNormalizationConfig> = layerType({
  classNames: ['GroupNormalization'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const [axis, groups] = [reader.axes('axis', -1), reader.integer('groups', { min: -1, fallback: 32 })]
    if (axis.length !== 1) throw reader.wrong('axis', 'one axis')
    if (groups === 0) throw reader.wrong('groups', 'an integer from 1, or -1')
    return { axis: axis[0]!, groups, ...scaleAndShift(reader) }
  },
  weights: (c, shapes) => gammaAndBeta(c, [knownSize(onlyInput(shapes), c.axis)]),
  outputShape (c, shapes) {
    const size = knownSize(onlyInput(shapes), c.axis)
    if (c.groups !== -1 && size % c.groups !== 0) throw misfit(`its ${size} channels cannot be parted into ${c.groups} groups`)
    return sameWithAxes(shapes, [c.axis])
  },
})

export const rmsNormalization: LayerType<RmsNormalizationConfig> = layerType({
  classNames: ['RMSNormalization'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    return { axes: reader.axes('axis', -1), epsilon: reader.number('epsilon', 1e-6) }
  },
  weights: (c, shapes) => [kept('scale', sizesOf(shapes, c.axes), 'normalisation')],
  outputShape: (c, shapes) => sameWithAxes(shapes, c.axes),
})

export const unitNormalization: LayerType<UnitNormalizationConfig> = layerType({
  classNames: ['UnitNormalization'],
  parse: (config, where) => ({ axes: new ConfigReader(config, where).axes('axis', -1) }),
  outputShape: (c, shapes) => sameWithAxes(shapes, c.axes),
})

export const normalization: LayerType<NormalizationConfig> = layerType({
  classNames: ['Normalization'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const axes = config.axis === null ? [] : reader.axes('axis', -1)
    const [mean, variance] = [reader.constant('mean'), reader.constant('variance')]
    if ((mean === undefined) !== (variance === undefined)) throw reader.wrong('variance', 'given exactly when "mean" is')
    return { axes, invert: reader.flag('invert', false), ...(mean && variance && { given: { mean, variance } }) }
  },
  weights (c, shapes) {
    if (c.given !== undefined) return []
    const sizes = sizesOf(shapes, sorted(c.axes, onlyInput(shapes).length))
    return [kept('mean', sizes, 'statistics'), kept('variance', sizes, 'statistics'), kept('count', [], 'statistics')]
  },
  outputShape: (c, shapes) => sameWithAxes(shapes, c.axes),
})

/** Axes counted from the front, in ascending order. */
export function sorted (axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => frontAxis(axis, rank)).sort((a, b) => a - b)
}

function scaleAndShift (reader: ConfigReader): ScaleAndShift {
  return { epsilon: reader.number('epsilon', 1e-3), scale: reader.flag('scale', true), center: reader.flag('center', true) }
}

function gammaAndBeta (c: { readonly scale: boolean, readonly center: boolean }, sizes: number[]): WeightSpec[] {
  return [...(c.scale ? [kept('gamma', sizes, 'normalisation')] : []), ...(c.center ? [kept('beta', sizes, 'normalisation')] : [])]
}

/** Sizes of the axes in the order in which they are named, as Keras sorts the list as it stands. */
function sizesOf (shapes: readonly SymbolicShape[], axes: readonly number[]): number[] {
  const shape = onlyInput(shapes)
  return [...axes].sort((a, b) => a - b).map((axis) => knownSize(shape, axis))
}

function sameWithAxes (shapes: readonly SymbolicShape[], axes: readonly number[]): SymbolicShape {
  const shape = onlyInput(shapes)
  for (const axis of axes) frontAxis(axis, shape.length)
  return shape
}
