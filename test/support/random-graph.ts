/** Keras configurations of random layer graphs: convolutions, joins, splits, recurrent layers, attention, several outputs. */
import type { Json } from '../../src/models/json.ts'
import { GraphBuilder, slice, tensorOf, type Value } from './graph-builder.ts'

export type Draw = () => number

/** Numbers in [0, 1) by a seed. Source: the mulberry32 generator. */
export function drawer (seed: number): Draw {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A graph with 6 to 14 steps, one or two inputs and up to four outputs. */
export function randomGraph (draw: Draw): Json {
  const graph = new GraphBuilder()
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!
  const size = (least: number, most: number): number => least + Math.floor(draw() * (most - least + 1))
  const inputs = [graph.input(pick([[8, 8, 3], [6, 6, 4], [6, 5], [7]]))]
  if (draw() < 0.3) inputs.push(graph.input(pick([[8, 8, 2], [6, 3], [5]])))
  const one = (className: string, config: Json, ...given: Value[]): Value => graph.add(className, config, given)[0]!
  // What a model is given stays: first come layers that make channels of it.
  const values: Value[] = inputs.map((x) => x.shape.length === 4
    ? one('Conv2D', { filters: size(4, 6), kernel_size: 3, padding: 'same', activation: 'relu' }, x)
    : one('Dense', { units: size(4, 6), activation: 'tanh' }, x))
  const sameForm = (value: Value): Value[] => values.filter((other) => other !== value && String(other.shape) === String(value.shape))
  const lastAxis = ({ shape }: Value): number => shape.at(-1)!
  const keep = (...made: Value[]): void => { values.push(...made) }

  const image: Readonly<Record<string, (x: Value) => void>> = {
    convolution: (x) => { keep(one('Conv2D', { filters: size(2, 6), kernel_size: pick([1, 3]), strides: pick([1, 1, 2]), padding: 'same', use_bias: draw() < 0.7, activation: pick(['relu', 'linear', 'sigmoid']) }, x)) },
    grouped: (x) => { if (lastAxis(x) % 2 === 0) keep(one('Conv2D', { filters: 4, kernel_size: 3, padding: 'same', groups: lastAxis(x) === 2 ? 2 : pick([2, 2, lastAxis(x) === 4 ? 4 : 2]) }, x)) },
    depthwise: (x) => { keep(one('DepthwiseConv2D', { kernel_size: 3, padding: 'same', depth_multiplier: pick([1, 2]) }, x)) },
    separable: (x) => { keep(one('SeparableConv2D', { filters: size(2, 5), kernel_size: 3, padding: 'same', depth_multiplier: pick([1, 2]) }, x)) },
    transposed: (x) => { if (x.shape[1]! < 9) keep(one('Conv2DTranspose', { filters: size(2, 4), kernel_size: 2, strides: 2 }, x)) },
    normalized: (x) => { keep(one('BatchNormalization', {}, x)) },
    inGroups: (x) => { if (lastAxis(x) % 2 === 0) keep(one('GroupNormalization', { groups: pick([lastAxis(x), lastAxis(x) / 2]) }, x)) },
    activated: (x) => { keep(draw() < 0.5 ? one('Activation', { activation: pick(['relu', 'tanh', 'sigmoid', 'elu']) }, x) : one('PReLU', { shared_axes: pick([null, [1, 2]]) }, x)) },
    pooled: (x) => { if (x.shape[1]! > 3) keep(one(pick(['MaxPooling2D', 'AveragePooling2D']), { pool_size: 2 }, x)) },
    padded: (x) => { keep(one('ZeroPadding2D', { padding: 1 }, x)) },
    enlarged: (x) => { if (x.shape[1]! < 5) keep(one('UpSampling2D', { size: 2 }, x)) },
    residual (x) {
      const [other] = sameForm(x)
      const second = other ?? one('Conv2D', { filters: lastAxis(x), kernel_size: 3, padding: 'same' }, x)
      keep(one(pick(['Add', 'Average', 'Maximum', 'Multiply', 'Subtract']), {}, x, second))
    },
    excited (x) {
      const scale = one('Dense', { units: lastAxis(x), activation: 'sigmoid' }, one('Dense', { units: 3, activation: 'relu' }, one('GlobalAveragePooling2D', {}, x)))
      keep(one('Multiply', {}, x, one('Reshape', { target_shape: [1, 1, lastAxis(x)] }, scale)))
    },
    joined (x) {
      const others = values.filter(({ shape }) => shape.length === 4 && shape[1] === x.shape[1] && shape[2] === x.shape[2])
      keep(one('Concatenate', { axis: -1 }, x, pick(others), ...draw() < 0.3 ? [pick(others)] : []))
    },
    split (x) {
      if (lastAxis(x) % 2 !== 0) return
      const [a, b] = graph.add('Split', { indices_or_sections: 2, axis: -1 }, [x])
      keep(a!, b!, one('Concatenate', { axis: 3 }, b!, a!))
    },
    sliced (x) {
      if (lastAxis(x) < 3) return
      const cut = size(1, lastAxis(x) - 1)
      keep(graph.add('GetItem', {}, [x], [tensorOf(x), pick([[{ class_name: '__ellipsis__', config: {} }, slice(null, cut)], [slice(null, null), slice(null, null), slice(0, null), slice(-cut, null)]])])[0]!)
    },
    shared (x) {
      const first = one('Conv2D', { filters: lastAxis(x), kernel_size: 3, padding: 'same', activation: 'relu' }, x)
      keep(graph.again(first, pick([first, x])))
    },
    flattened: (x) => { keep(one('Flatten', {}, x)) },
    averaged: (x) => { keep(one(pick(['GlobalAveragePooling2D', 'GlobalMaxPooling2D']), {}, x)) },
    sequenced: (x) => { keep(one('Reshape', { target_shape: [x.shape[1]! * x.shape[2]!, pick([-1, lastAxis(x)])] }, x)) },
    first: (x) => { keep(one('Permute', { dims: [3, 1, 2] }, x)) },
  }
  const sequence: Readonly<Record<string, (x: Value) => void>> = {
    dense: (x) => { keep(one('Dense', { units: size(2, 6), activation: pick(['relu', 'tanh']) }, x)) },
    convolution: (x) => { keep(one('Conv1D', { filters: size(2, 6), kernel_size: 3, padding: pick(['same', 'causal']) }, x)) },
    recurrent: (x) => { keep(one(pick(['LSTM', 'GRU', 'SimpleRNN']), { units: size(2, 5), return_sequences: draw() < 0.6 }, x)) },
    stacked: (x) => { keep(one('RNN', { cell: { class_name: 'StackedRNNCells', config: { cells: [{ class_name: 'GRUCell', config: { units: 3 } }, { class_name: 'LSTMCell', config: { units: size(2, 4) } }] } }, return_sequences: true }, x)) },
    bothWays: (x) => { keep(one('Bidirectional', { layer: { module: 'keras.layers', class_name: pick(['LSTM', 'GRU']), config: { units: size(2, 4), return_sequences: true } }, merge_mode: pick(['concat', 'sum', 'ave', 'mul']) }, x)) },
    stepwise: (x) => { keep(one('TimeDistributed', { layer: { module: 'keras.layers', class_name: 'Dense', config: { units: size(2, 5), activation: 'relu' } } }, x)) },
    attention: (x) => { keep(one('Add', {}, x, one('MultiHeadAttention', { num_heads: size(2, 3), key_dim: 2, value_dim: pick([null, 3]) }, x, x))) },
    grouped: (x) => { keep(one('GroupQueryAttention', { head_dim: 2, num_query_heads: 4, num_key_value_heads: 2 }, x, x)) },
    compared: (x) => { keep(one('Attention', {}, x, x)) },
    equation: (x) => { keep(one('EinsumDense', { equation: 'abc,cde->abde', output_shape: [null, 2, size(2, 4)], bias_axes: pick([null, 'de', 'e']) }, x)) },
    reshaped (x) { if (lastAxis(x) % 2 === 0) keep(one('Reshape', { target_shape: [x.shape[1]!, 2, lastAxis(x) / 2] }, x)) },
    turned: (x) => { keep(one('Permute', { dims: [2, 1] }, x)) },
    averaged: (x) => { keep(one('GlobalAveragePooling1D', {}, x)) },
    flattened: (x) => { keep(one('Flatten', {}, x)) },
    added: (x) => { const [other] = sameForm(x); if (other !== undefined) keep(one('Add', {}, x, other)) },
    scaled: (x) => { keep(graph.add('Multiply', {}, [x], [tensorOf(x), 0.5])[0]!) },
  }
  const vector: Readonly<Record<string, (x: Value) => void>> = {
    dense: (x) => { keep(one('Dense', { units: size(2, 8), activation: pick(['relu', 'linear', 'sigmoid']) }, x)) },
    normalized: (x) => { keep(one('BatchNormalization', {}, x)) },
    joined: (x) => { keep(one('Concatenate', {}, x, pick(values.filter(({ shape }) => shape.length === 2)))) },
    residual: (x) => { keep(one(pick(['Add', 'Multiply']), {}, x, one('Dense', { units: lastAxis(x), activation: 'relu' }, x))) },
    repeated: (x) => { keep(one('RepeatVector', { n: 3 }, x)) },
    reshaped: (x) => { if (lastAxis(x) % 4 === 0) keep(one('Reshape', { target_shape: [2, 2, lastAxis(x) / 4] }, x)) },
    sliced: (x) => { if (lastAxis(x) > 2) keep(graph.add('GetItem', {}, [x], [tensorOf(x), [slice(null, null), slice(1, null)]])[0]!) },
  }
  // Values that have become vectors are of little use to others: late.
  const nextStep = (steps: typeof image, left: number): (x: Value) => void => {
    const [name, next] = pick(Object.entries(steps))
    return left > 3 && (name === 'flattened' || name === 'averaged') ? nextStep(steps, left) : next
  }
  const STEPS = [null, null, vector, sequence, image] as const
  for (let step = size(6, 14); step > 0; step--) {
    const x = pick(values.slice(-4))
    const steps = STEPS[x.shape.length]
    if (steps !== null && steps !== undefined && x.shape.slice(1).reduce<number>((all, one) => all * one!, 1) <= 1500) nextStep(steps, step)(x)
  }
  // What nothing reads, so that little of the graph leads nowhere.
  const leaves = values.filter((value) => !graph.isRead(value))
  const ends = leaves.length === 0 ? values.slice(-1) : leaves.slice(-size(2, 4))
  const outputs = ends.map((x) => one('Dense', { units: 3 }, x.shape.length === 2 ? x : one('Flatten', {}, x)))
  return graph.config(inputs, outputs)
}
