/** Small models of sequences: recurrent layers, attention, operations on positions. */
import type { Json } from '../../../src/models/json.ts'
import { GraphBuilder, slice, tensorOf, type Value } from '../graph-builder.ts'

const layer = (className: string, config: Json): Json => ({ module: 'keras.layers', class_name: className, config, registered_name: null })

function begun (shape: readonly number[] = [5, 3]): { graph: GraphBuilder, x: Value, dense: (name: string, units: number, from: Value) => Value } {
  const graph = new GraphBuilder()
  return { graph, x: graph.input(shape), dense: (name, units, from) => graph.one('Dense', { name, units }, from) }
}

export const SEQUENCE_TOPOLOGIES = {
  embedding () {
    const { graph, x, dense } = begun([5])
    const words = graph.one('Embedding', { name: 'words', input_dim: 7, output_dim: 6 }, x)
    return graph.config([x], [dense('out', 2, graph.one('LSTM', { name: 'lstm', units: 4 }, words))])
  },
  gru () {
    const { graph, x, dense } = begun()
    return graph.config([x], [dense('out', 2, graph.one('GRU', { name: 'second', units: 4 }, graph.one('GRU', { name: 'first', units: 6, return_sequences: true }, x)))])
  },
  bidirectional () {
    const { graph, x, dense } = begun()
    return graph.config([x], [dense('out', 2, graph.one('Bidirectional', { name: 'both', layer: layer('LSTM', { name: 'lstm', units: 4 }) }, x))])
  },
  bidirectionalOwn () {
    const { graph, x, dense } = begun()
    const [forward, backward] = [layer('GRU', { name: 'there', units: 4 }), layer('LSTM', { name: 'back', units: 4, go_backwards: true })]
    return graph.config([x], [dense('out', 2, graph.one('Bidirectional', { name: 'both', layer: forward, backward_layer: backward }, x))])
  },
  bidirectionalSum () {
    const { graph, x, dense } = begun()
    return graph.config([x], [dense('out', 2, graph.one('Bidirectional', { name: 'both', merge_mode: 'sum', layer: layer('LSTM', { name: 'lstm', units: 4 }) }, x))])
  },
  timeDistributed () {
    const { graph, x, dense } = begun()
    const steps = graph.one('TimeDistributed', { name: 'steps', layer: layer('Dense', { name: 'inner', units: 6, activation: 'relu' }) }, x)
    return graph.config([x], [dense('out', 2, graph.one('SimpleRNN', { name: 'rnn', units: 4 }, steps))])
  },
  attention () {
    const { graph, x, dense } = begun()
    const first = dense('first', 6, x)
    const attended = graph.one('Add', { name: 'sum' }, first, graph.one('MultiHeadAttention', { name: 'heads', num_heads: 4, key_dim: 2 }, first, first))
    return graph.config([x], [dense('out', 2, graph.one('GlobalAveragePooling1D', { name: 'mean' }, attended))])
  },
  attentionAlone () {
    const { graph, x, dense } = begun()
    const attended = graph.one('MultiHeadAttention', { name: 'heads', num_heads: 2, key_dim: 3, output_shape: [8] }, dense('first', 6, x), dense('second', 4, x))
    return graph.config([x], [dense('out', 2, graph.one('GlobalMaxPooling1D', { name: 'most' }, attended))])
  },
  groupedQuery () {
    const { graph, x, dense } = begun()
    const first = dense('first', 6, x)
    const attended = graph.one('GroupQueryAttention', { name: 'heads', head_dim: 2, num_query_heads: 4, num_key_value_heads: 2 }, first, first)
    return graph.config([x], [dense('out', 2, graph.one('GlobalAveragePooling1D', { name: 'mean' }, attended))])
  },
  /** x + y, twice x, the mean over positions. */
  arithmetic () {
    const { graph, x, dense } = begun()
    const [a, b] = [dense('a', 6, x), dense('b', 6, x)]
    const sum = graph.add('Add', { name: 'sum' }, [a, b], [tensorOf(a), tensorOf(b)])[0]!
    const twice = graph.add('Multiply', { name: 'twice' }, [sum], [tensorOf(sum), 2])[0]!
    return graph.config([x], [dense('out', 2, graph.one('Mean', { name: 'mean', axis: 1, keepdims: false }, twice))])
  },
  /** Channels become two rows and one axis again; what stands in one column goes together. */
  reshaped () {
    const { graph, x, dense } = begun([6])
    const first = dense('first', 8, x)
    const rows = graph.add('Reshape', { name: 'rows', newshape: [-1, 2, 4] }, [first], [tensorOf(first)])[0]!
    const turned = graph.add('Transpose', { name: 'turned', axes: [0, 2, 1] }, [rows], [tensorOf(rows)])[0]!
    return graph.config([x], [dense('out', 2, graph.one('Flatten', { name: 'flat' }, turned))])
  },
  /** An operation that joins two values, of which slices are read. */
  joinedAndCut () {
    const { graph, x, dense } = begun([6])
    const [a, b] = [dense('a', 4, x), dense('b', 4, x)]
    const both = graph.add('Concatenate', { name: 'both', axis: -1 }, [a, b], [[tensorOf(a), tensorOf(b)]])[0]!
    const middle = graph.add('GetItem', { name: 'middle' }, [both], [tensorOf(both), [slice(null, null), slice(2, 6)]])[0]!
    return graph.config([x], [dense('out', 2, middle)])
  },
} as const satisfies Readonly<Record<string, () => Json>>
