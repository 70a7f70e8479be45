/** Small models of models: nested, shared, sequential, with several inputs and outputs, as Keras 2 writes them. */
import type { Json } from '../../../src/models/json.ts'
import { GraphBuilder } from '../graph-builder.ts'

const entry = (className: string, config: Json): Json => ({ module: 'keras.layers', class_name: className, config, registered_name: null })

const DENSE = [entry('Dense', { name: 'first', units: 8, activation: 'relu' }), entry('Dense', { name: 'second', units: 6, activation: 'relu' }), entry('Dense', { name: 'out', units: 2 })]

/** [5] -> dense of 6 -> batch normalisation. */
function block (name: string, size: number, units: number): Json {
  const graph = new GraphBuilder()
  const x = graph.input([size])
  return graph.config([x], [graph.one('BatchNormalization', { name: 'bn' }, graph.one('Dense', { name: 'dense', units, activation: 'relu' }, x))], name)
}

export const MODEL_TOPOLOGIES = {
  /** Its inputs are its outputs. */
  shared () {
    const graph = new GraphBuilder()
    const x = graph.input([5])
    const once = graph.one('Dense', { name: 'shared', units: 6, activation: 'relu' }, graph.one('Dense', { name: 'first', units: 6 }, x))
    return graph.config([x], [graph.one('Dense', { name: 'out', units: 2 }, graph.again(once, once))])
  },
  /** A model within a model within the model. */
  nested () {
    const middle = new GraphBuilder()
    const inner = middle.input([5])
    const encoder = middle.config([inner], [middle.one('Dense', { name: 'dense', units: 4 }, middle.nest(block('block', 5, 6), inner))], 'encoder')
    const graph = new GraphBuilder()
    const x = graph.input([7])
    return graph.config([x], [graph.one('Dense', { name: 'out', units: 2 }, graph.nest(encoder, graph.one('Dense', { name: 'first', units: 5 }, x)))])
  },
  nestedTwice () {
    const graph = new GraphBuilder()
    const x = graph.input([7])
    const [a, b] = [graph.one('Dense', { name: 'a', units: 6 }, x), graph.one('Dense', { name: 'b', units: 6 }, x)]
    const once = graph.nest(block('block', 6, 4), a)
    return graph.config([x], [graph.one('Dense', { name: 'out', units: 2 }, graph.one('Concatenate', { name: 'both', axis: -1 }, once, graph.again(once, b)))])
  },
  sequential: () => ({
    module: 'keras', class_name: 'Sequential', registered_name: null,
    config: { name: 'model', layers: [entry('InputLayer', { name: 'in', batch_shape: [null, 5] }), ...DENSE] },
  }),
  /** Its first layer tells what it is given. */
  sequentialWithoutInput: () => ({
    class_name: 'Sequential',
    config: { name: 'model', layers: DENSE.map(({ class_name: className, config }, index) => ({ class_name: className, config: index === 0 ? { ...config as Json, batch_input_shape: [null, 5] } : config })) },
  }),
  severalOutputs () {
    const graph = new GraphBuilder()
    const x = graph.input([5])
    const trunk = graph.one('Dense', { name: 'trunk', units: 8 }, x)
    const features = graph.one('Dense', { name: 'features', units: 4 }, trunk)
    return graph.config([x], [features, graph.one('Dense', { name: 'out', units: 2 }, graph.one('Dense', { name: 'head', units: 6 }, trunk)), graph.one('Dense', { name: 'more', units: 3 }, features)])
  },
  severalInputs () {
    const graph = new GraphBuilder()
    const [x, y] = [graph.input([5]), graph.input([3])]
    const sum = graph.one('Add', { name: 'sum' }, graph.one('Dense', { name: 'of_x', units: 6 }, x), graph.one('Dense', { name: 'of_y', units: 6 }, y))
    return graph.config([x, y], [graph.one('Dense', { name: 'out', units: 2 }, sum)])
  },
  /** Calls as lists, shapes as `batch_input_shape`. */
  keras2: () => ({
    class_name: 'Functional',
    config: {
      name: 'model',
      layers: [
        { class_name: 'InputLayer', name: 'in', config: { name: 'in', batch_input_shape: [null, 6, 6, 3], dtype: 'float32' }, inbound_nodes: [] },
        { class_name: 'Conv2D', name: 'first', config: { name: 'first', filters: 6, kernel_size: [3, 3], padding: 'same' }, inbound_nodes: [[['in', 0, 0, {}]]] },
        { class_name: 'Conv2D', name: 'second', config: { name: 'second', filters: 6, kernel_size: [3, 3], padding: 'same' }, inbound_nodes: [[['first', 0, 0, {}]]] },
        { class_name: 'Add', name: 'sum', config: { name: 'sum' }, inbound_nodes: [[['first', 0, 0, {}], ['second', 0, 0, {}]]] },
        { class_name: 'Flatten', name: 'flat', config: { name: 'flat' }, inbound_nodes: [[['sum', 0, 0, {}]]] },
        { class_name: 'Dense', name: 'out', config: { name: 'out', units: 2 }, inbound_nodes: [[['flat', 0, 0, {}]]] },
      ],
      input_layers: [['in', 0, 0]],
      output_layers: [['out', 0, 0]],
    },
  }),
} as const satisfies Readonly<Record<string, () => Json>>
