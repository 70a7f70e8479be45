/** Dead channels where values meet, and in layers with an inside: residuals, products, normalisation, recurrent units, heads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Json } from '../../../../src/models/json.ts'
import { deadModel, type DeadModel, type Value } from '../../../support/dead-model.ts'
import type { GraphBuilder } from '../../../support/graph-builder.ts'

const add = (graph: GraphBuilder, name: string, config: Json, ...inputs: Value[]): Value => graph.add(name, config, inputs)[0]!

/** Two layers of two units that meet in a third, which a last one reads. `also`: reads the first alone. */
function met (name: string, config: Json = {}, also = false): DeadModel {
  return deadModel([3], (graph, x) => {
    const [a, b] = [add(graph, 'Dense', { units: 2 }, x), add(graph, 'Dense', { units: 2 }, x)]
    const last = add(graph, 'Dense', { units: 1 }, add(graph, name, config, a, b))
    return also ? [last, add(graph, 'Dense', { units: 1 }, a)] : [last]
  })
}

const kill = (model: DeadModel, layer: string, bias: number): DeadModel => model.set(`${layer}/kernel`, [null, 1], 0).set(`${layer}/bias`, [1], bias)

describe('values that meet', () => {
  test('a residual keeps a channel while one of its makers lives', () => {
    const { gone, stays } = kill(met('Add'), 'dense_1', 0).find()
    assert.deepEqual([gone, stays], [{}, ['1 of dense_1: coupled with live ones through add_3']])
    const both = kill(kill(met('Add'), 'dense_1', 0.5), 'dense_2', 2).find()
    assert.deepEqual([both.gone, both.weight('dense_4/bias')], [{ dense_1: [1], dense_2: [1] }, [3.5]])
  })

  test('what nothing reads behind a residual goes from all makers', () => {
    assert.deepEqual(met('Add').set('dense_4/kernel', [0, null], 0).find().gone, { dense_1: [0], dense_2: [0] })
    assert.deepEqual(met('Add', {}, true).set('dense_4/kernel', [0, null], 0).find().gone, {})
  })

  test('0 times anything is 0: the live factor goes too, where nothing else reads it', () => {
    assert.deepEqual(kill(met('Multiply'), 'dense_1', 0).find().gone, { dense_1: [1], dense_2: [1] })
    assert.deepEqual(kill(met('Multiply'), 'dense_1', 1).find().gone, {})
    assert.deepEqual(kill(met('Multiply', {}, true), 'dense_2', 0).find().gone, {})
  })

  test('the larger of a number and what lives is no number', () => {
    for (const name of ['Maximum', 'Minimum', 'Average', 'Subtract']) assert.deepEqual(kill(met(name), 'dense_1', 0).find().gone, {}, name)
    for (const [name, value] of [['Maximum', 2], ['Minimum', 0.5], ['Average', 1.25], ['Subtract', -1.5]] as const) {
      const { gone, weight } = kill(kill(met(name), 'dense_1', 0.5), 'dense_2', 2).find()
      assert.deepEqual([gone, weight('dense_4/bias')], [{ dense_1: [1], dense_2: [1] }, [1 + value]], name)
    }
  })

  test('one behind the other they are apart', () => {
    const { gone, weight } = kill(met('Concatenate'), 'dense_2', 0.5).find()
    assert.deepEqual([gone, weight('dense_4/bias')], [{ dense_2: [1] }, [1.5]])
  })

  test('a scale for each channel of an image: 0 there kills it', () => {
    const excited = deadModel([8, 8, 1], (graph, x) => {
      const filters = add(graph, 'Conv2D', { filters: 2, kernel_size: 3 }, x)
      const scale = add(graph, 'Dense', { units: 2, activation: 'relu' }, add(graph, 'GlobalMaxPooling2D', {}, filters))
      return [add(graph, 'Conv2D', { filters: 1, kernel_size: 3, padding: 'same' }, add(graph, 'Multiply', {}, filters, add(graph, 'Reshape', { target_shape: [1, 1, 2] }, scale)))]
    })
    excited.set('dense_3/kernel', [null, 1], 0).set('dense_3/bias', [1], -1)
    assert.deepEqual(excited.find().gone, {})
    // Once the pool does not look at it either.
    assert.deepEqual(excited.set('dense_3/kernel', [1, null], 0).find().gone, { conv2d_1: [1], dense_3: [1] })
  })

  test('a global maximum of a number is that number', () => {
    const pooled = kill(deadModel([8, 8, 1], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'GlobalMaxPooling2D', {}, add(graph, 'Dense', { units: 2 }, x)))]), 'dense_1', 0.5).find()
    assert.deepEqual([pooled.gone, pooled.weight('dense_3/bias')], [{ dense_1: [1] }, [1.5]])
  })

  test('channels that are normalised together stay, as fewer have another mean', () => {
    const normalized = (name: string) => deadModel([3], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, name, {}, add(graph, 'Dense', { units: 2 }, x)))])
    for (const name of ['LayerNormalization', 'RMSNormalization', 'UnitNormalization']) {
      assert.deepEqual(normalized(name).set('dense_3/kernel', [1, null], 0).find().gone, {}, name)
      assert.match(kill(normalized(name), 'dense_1', 0).find().stays[0]!, /1 of dense_1: a layer normalises over the channels/)
    }
  })

  test('operations: sums and products with numbers, means over positions', () => {
    const scaled = kill(deadModel([4, 3], (graph, x) => {
      const hidden = add(graph, 'Dense', { units: 2 }, x)
      const tensor = { class_name: '__keras_tensor__', config: { shape: hidden.shape, dtype: 'float32', keras_history: [hidden.layer, hidden.node, hidden.output] } }
      return [add(graph, 'Dense', { units: 1 }, graph.add('Multiply', {}, [hidden], [tensor, 3])[0]!)]
    }), 'dense_1', 0.5).find()
    assert.deepEqual([scaled.gone, scaled.weight('dense_3/bias')], [{ dense_1: [1] }, [2.5]])
  })
})

describe('recurrent units', () => {
  const sequence = (name: string, config: Json = {}) => deadModel([4, 3], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, name, { units: 2, ...config }, x))])

  test('go when neither the next layer nor another unit reads them', () => {
    for (const [name, gates] of [['SimpleRNN', 1], ['LSTM', 4], ['GRU', 3]] as const) {
      const layer = `${name.toLowerCase()}_1`
      const model = sequence(name).set('dense_2/kernel', [1, null], 0)
      assert.deepEqual(model.find().gone, {}, name)
      for (let gate = 0; gate < gates; gate++) model.set(`${layer}/recurrent_kernel`, [1, 2 * gate], 0)
      // It may go on reading itself.
      assert.deepEqual(model.find().gone, { [layer]: [1] }, name)
    }
  })

  test('go when they never leave zero', () => {
    for (const [name, column, bias] of [['SimpleRNN', 1, [[1]]], ['LSTM', 5, [[5]]], ['GRU', 5, [[0, 5], [1, 5]]]] as const) {
      const layer = `${name.toLowerCase()}_1`
      const model = sequence(name).set(`${layer}/kernel`, [null, column], 0)
      for (const at of bias) model.set(`${layer}/bias`, at, 0)
      assert.deepEqual(model.find().gone, {}, `${name} reads the other unit`)
      model.set(`${layer}/recurrent_kernel`, [0, column], 0)
      assert.deepEqual(model.find().gone, { [layer]: [1] }, name)
      assert.deepEqual(model.set(`${layer}/bias`, bias.at(-1)!, 0.5).find().gone, {}, `${name} has a bias`)
    }
  })

  test('what they are given goes into their first bias', () => {
    const model = kill(deadModel([4, 3], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'GRU', { units: 1 }, add(graph, 'Dense', { units: 2 }, x)))]), 'dense_1', 0.5)
    const { gone, weight } = model.set('gru_2/kernel', [1, 2], 4).find()
    assert.deepEqual([gone, weight('gru_2/bias')], [{ dense_1: [1] }, [1.5, 1.5, 3, 1, 1, 1]])
  })

  test('a unit of both ways goes when it is dead both ways', () => {
    const model = deadModel([4, 3], (graph, x) => [add(graph, 'Dense', { units: 1 }, add(graph, 'Bidirectional', { layer: { module: 'keras.layers', class_name: 'SimpleRNN', config: { units: 2 } } }, x))])
    model.set('dense_2/kernel', [3, null], 0).set('bidirectional_1/backward_layer/recurrent_kernel', [1, 0], 0)
    assert.deepEqual(model.find().gone, {})
    model.set('dense_2/kernel', [1, null], 0).set('bidirectional_1/forward_layer/recurrent_kernel', [1, 0], 0)
    assert.deepEqual(model.find().gone, { bidirectional_1: [1] })
  })
})

describe('heads of attention', () => {
  const attention = (config: Json = {}) => deadModel([4, 3], (graph, x) => {
    const hidden = add(graph, 'Dense', { units: 3 }, x)
    return [add(graph, 'Dense', { units: 1 }, add(graph, 'MultiHeadAttention', { num_heads: 2, key_dim: 2, ...config }, hidden, hidden))]
  })
  const A = 'multiheadattention_2'

  test('go when nothing reads them, or their values are zero', () => {
    assert.deepEqual(attention().set(`${A}/attention_output/kernel`, [1, null, null], 0).find().gone, { [A]: [1] })
    const valued = attention().set(`${A}/value/kernel`, [null, 1, null], 0)
    assert.deepEqual(valued.find().gone, {})
    assert.deepEqual(valued.set(`${A}/value/bias`, [1, null], 0).find().gone, { [A]: [1] })
    assert.deepEqual(attention({ use_bias: false }).set(`${A}/value/kernel`, [null, 1, null], 0).find().gone, { [A]: [1] })
  })

  test('stay when only the query or the key is zero: then they look at everything alike', () => {
    assert.deepEqual(attention().set(`${A}/query/kernel`, [null, 1, null], 0).set(`${A}/query/bias`, [1, null], 0).find().gone, {})
  })

  test('features go that no head looks at, and numbers go into all three biases', () => {
    const model = attention()
    for (const part of ['query', 'key', 'value']) {
      assert.deepEqual(model.find().gone, {})
      model.set(`${A}/${part}/kernel`, [2, null, null], 0)
    }
    assert.deepEqual(model.find().gone, { dense_1: [2] })
    const { gone, weight } = kill(attention(), 'dense_1', 0.5).find()
    assert.deepEqual(gone, { dense_1: [1] })
    for (const part of ['query', 'key', 'value']) assert.deepEqual(weight(`${A}/${part}/bias`), [1.5, 1.5, 1.5, 1.5])
  })
})
