/** Small models of images, one for each way in which convolutions share channels. */
import type { Json } from '../../../src/models/json.ts'
import { GraphBuilder, slice, tensorOf, type Value } from '../graph-builder.ts'

/** Ends in the mean over positions and two outputs. */
function ended (graph: GraphBuilder, inputs: readonly Value[], last: Value): Json {
  return graph.config(inputs, [graph.one('Dense', { name: 'out', units: 2 }, graph.one('GlobalAveragePooling2D', { name: 'pool' }, last))])
}

function begun (shape: readonly number[] = [6, 6, 3]): { graph: GraphBuilder, x: Value, conv: (name: string, filters: number, from: Value, more?: Json) => Value } {
  const graph = new GraphBuilder()
  return { graph, x: graph.input(shape), conv: (name, filters, from, more = {}) => graph.one('Conv2D', { name, filters, kernel_size: 3, padding: 'same', ...more }, from) }
}

export const IMAGE_TOPOLOGIES = {
  cascade () {
    const { graph, x, conv } = begun()
    const first = graph.one('ReLU', { name: 'relu' }, graph.one('BatchNormalization', { name: 'bn' }, conv('first', 8, x, { use_bias: false })))
    return ended(graph, [x], conv('second', 6, first, { activation: 'relu' }))
  },
  flatten () {
    const { graph, x, conv } = begun([4, 4, 2])
    const flat = graph.one('Flatten', { name: 'flat' }, graph.one('MaxPooling2D', { name: 'half' }, conv('conv', 4, x)))
    return graph.config([x], [graph.one('Dense', { name: 'out', units: 3 }, graph.one('Dense', { name: 'hidden', units: 6, activation: 'relu' }, flat))])
  },
  residual () {
    const { graph, x, conv } = begun()
    const first = conv('first', 6, x)
    const branch = conv('back', 6, conv('inner', 4, first, { activation: 'relu' }))
    return ended(graph, [x], conv('last', 5, graph.one('Add', { name: 'sum' }, first, graph.one('BatchNormalization', { name: 'bn' }, branch))))
  },
  concat () {
    const { graph, x, conv } = begun()
    const both = graph.one('Concatenate', { name: 'both', axis: -1 }, conv('left', 4, x), conv('right', 6, x))
    return ended(graph, [x], conv('last', 5, graph.one('BatchNormalization', { name: 'bn' }, both)))
  },
  /** What a model is given stands beside channels. */
  concatInput () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], conv('last', 5, graph.one('Concatenate', { name: 'both', axis: -1 }, x, conv('conv', 4, x))))
  },
  split () {
    const { graph, x, conv } = begun()
    const [low, high] = graph.add('Split', { name: 'split', indices_or_sections: 2, axis: -1 }, [conv('first', 8, x, { activation: 'relu' })])
    return ended(graph, [x], graph.one('Concatenate', { name: 'both', axis: -1 }, conv('low', 4, low!), conv('high', 2, high!)))
  },
  slices () {
    const { graph, x, conv } = begun()
    const first = conv('first', 6, x)
    const key = (start: number | null, stop: number | null) => [tensorOf(first), [{ class_name: '__ellipsis__', config: {} }, slice(start, stop)]]
    const [low, high] = [graph.add('GetItem', { name: 'low' }, [first], key(null, 2))[0]!, graph.add('GetItem', { name: 'high' }, [first], key(-4, null))[0]!]
    return ended(graph, [x], graph.one('Concatenate', { name: 'both', axis: -1 }, conv('narrow', 3, low), conv('wide', 4, high)))
  },
  depthwise () {
    const { graph, x, conv } = begun()
    const deep = graph.one('DepthwiseConv2D', { name: 'deep', kernel_size: 3, padding: 'same', depth_multiplier: 2 }, conv('first', 4, x))
    return ended(graph, [x], conv('point', 5, graph.one('BatchNormalization', { name: 'bn' }, deep), { kernel_size: 1 }))
  },
  separable () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], graph.one('SeparableConv2D', { name: 'separable', filters: 6, kernel_size: 3, depth_multiplier: 2 }, conv('first', 4, x)))
  },
  transposed () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], conv('last', 3, graph.one('Conv2DTranspose', { name: 'up', filters: 6, kernel_size: 2, strides: 2 }, conv('first', 4, x))))
  },
  grouped () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], conv('last', 3, conv('grouped', 6, conv('first', 8, x), { groups: 2 })))
  },
  groupedSingly () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], conv('last', 3, conv('grouped', 8, conv('first', 4, x), { groups: 4 })))
  },
  /** A gate for each channel. */
  excited () {
    const { graph, x, conv } = begun()
    const first = conv('first', 6, x)
    const squeezed = graph.one('Dense', { name: 'squeeze', units: 4, activation: 'relu' }, graph.one('GlobalAveragePooling2D', { name: 'mean', keepdims: true }, first))
    const gate = graph.one('Dense', { name: 'excite', units: 6, activation: 'sigmoid' }, squeezed)
    return ended(graph, [x], conv('last', 3, graph.one('Multiply', { name: 'scaled' }, first, gate)))
  },
  normalizedInGroups () {
    const { graph, x, conv } = begun()
    return ended(graph, [x], conv('last', 3, graph.one('GroupNormalization', { name: 'norm', groups: 4 }, conv('first', 8, x))))
  },
  channelsFirst () {
    const { graph, x, conv } = begun([2, 4, 4])
    const first = { data_format: 'channels_first' }
    const normalized = graph.one('BatchNormalization', { name: 'bn', axis: 1 }, conv('conv', 4, x, first))
    const flat = graph.one('Flatten', { name: 'flat', ...first }, graph.one('AveragePooling2D', { name: 'half', pool_size: 2, ...first }, normalized))
    return graph.config([x], [graph.one('Dense', { name: 'out', units: 3 }, flat)])
  },
} as const satisfies Readonly<Record<string, () => Json>>
