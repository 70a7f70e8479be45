/** What the outputs of every layer look like, channel by channel. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { ArchitectureLayer } from '../../models/architecture/types.ts'
import type { Observation, ObservationContext, Observer } from './observation.ts'
import { compensatedSum, zeros, type Sum } from './sums.ts'

/** Of a layer's (first) output, after its activation: one value per channel over all examples and positions. */
export interface ActivationStatistics {
  readonly mean: Float32Array
  readonly meanAbsolute: Float32Array
  /** Of the population: divided by `rows`. */
  readonly variance: Float32Array
  /** Share of values that are 0, from 0 to 1. Source: Hu et al. 2016, "Network trimming", APoZ. */
  readonly zeros: Float32Array
  readonly max: Float32Array
  /** Values of one channel: examples times positions. */
  readonly rows: number
}

interface Gathered {
  readonly path: string
  readonly channels: number
  readonly absolute: Sum
  readonly zeros: Sum
  readonly mean: Variable
  /** Sum of squared differences from the mean. */
  readonly spread: Variable
  readonly max: Variable
  /** float32 scalar: rows so far. */
  readonly count: Variable
  /** Of one example, by node. */
  readonly rows: Map<number, number>
}

export const activations: Observation<ActivationStatistics> = { description: 'mean, spread, zeros and maximum of every channel of every layer', create }

function create ({ architecture, asksForLayer }: ObservationContext): Observer<ActivationStatistics> {
  const skipped = new Map<string, string>()
  const gathered = new Map<number, Gathered>()
  for (const { layer: index, outputShapes: [shape] } of architecture.graph?.nodes ?? []) {
    const layer = architecture.layers[index]!
    if (!asksForLayer(layer.path) || layer.type === 'InputLayer' || skipped.has(layer.path)) continue
    const channels = shape === undefined ? null : channelAxisOf(layer, shape.length) === 0 ? 1 : shape[channelAxisOf(layer, shape.length)] ?? null
    const known = gathered.get(index)
    if (channels !== null && (known === undefined || known.channels === channels)) {
      if (known === undefined) gathered.set(index, gather(layer.path, channels))
      continue
    }
    skipped.set(layer.path, channels === null ? 'the number of its channels depends on the data' : 'it is applied in several places with different numbers of channels')
    if (known !== undefined) tf.dispose(Object.values(variablesOf(known)))
    gathered.delete(index)
  }
  return {
    variables: Object.assign({}, ...[...gathered.values()].map(variablesOf)) as Observer<ActivationStatistics>['variables'],
    skipped,
    see ({ node, layer, outputs }) {
      const one = gathered.get(layer)
      if (one === undefined) return
      const y = outputs[0]!
      const values = rowsOf(tf.cast(y, 'float32'), channelAxisOf(architecture.layers[layer]!, y.rank))
      one.rows.set(node, values.shape[0]! / y.shape[0]!)
      add(one, values)
    },
    results: (read, examples) => new Map([...gathered.values()].map(({ path, rows }) => {
      const count = Math.round(examples * [...rows.values()].reduce((sum, each) => sum + each, 0))
      const [mean, absolute, spread, none, max] = ['mean', 'absolute', 'spread', 'zeros', 'max'].map((name) => read(`activations:${path}:${name}`)) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array]
      const share = (values: Float32Array): Float32Array => values.map((value) => value / count)
      return [path, { mean, meanAbsolute: share(absolute), variance: share(spread), zeros: share(none), max, rows: count }]
    })),
  }
}

function gather (path: string, channels: number): Gathered {
  const name = (what: string): string => `activations:${path}:${what}`
  const lowest = tf.fill([channels], -Infinity)
  const max = tf.variable(lowest, false)
  lowest.dispose()
  return {
    path,
    channels,
    absolute: compensatedSum(name('absolute'), [channels]),
    zeros: compensatedSum(name('zeros'), [channels]),
    mean: zeros([channels]),
    spread: zeros([channels]),
    max,
    count: zeros([]),
    rows: new Map(),
  }
}

function variablesOf ({ path, absolute, zeros: none, mean, spread, max, count }: Gathered): Record<string, Variable> {
  const own = Object.fromEntries(Object.entries({ mean, spread, max, count }).map(([what, variable]) => [`activations:${path}:${what}`, variable]))
  return { ...absolute.variables, ...none.variables, ...own }
}

/** `values`: [rows, channels]. Means and spreads of two parts are joined without cancellation. Source: Chan, Golub and LeVeque 1979. */
function add ({ absolute, zeros: none, mean, spread, max, count }: Gathered, values: Tensor): void {
  const rows = values.shape[0]!
  const { mean: newMean, variance } = tf.moments(values, 0)
  const total = tf.add(count, rows)
  const difference = tf.sub(newMean, mean)
  const share = tf.div(rows, total)
  spread.assign(tf.addN([spread, tf.mul(variance, rows), tf.mul(tf.square(difference), tf.mul(count, share))]))
  mean.assign(tf.add(mean, tf.mul(difference, share)))
  count.assign(total)
  absolute.add(tf.sum(tf.abs(values), 0))
  none.add(tf.sum(tf.cast(tf.equal(values, 0), 'float32'), 0))
  max.assign(tf.maximum(max, tf.max(values, 0)))
}

function channelAxisOf ({ config }: ArchitectureLayer, rank: number): number {
  const { format } = (config ?? {}) as { readonly format?: unknown }
  return format === 'channels_first' && rank > 2 ? 1 : rank - 1
}

/** [rows, channels]; an output of one value per example is one channel. */
function rowsOf (y: Tensor, axis: number): Tensor {
  if (axis === 0) return tf.reshape(y, [-1, 1])
  const last = axis === y.rank - 1 ? y : tf.transpose(y, [...y.shape.keys()].filter((one) => one !== axis).concat(axis))
  return tf.reshape(last, [-1, y.shape[axis]!])
}
