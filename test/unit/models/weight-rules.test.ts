/** Regularisers and constraints are read from the settings of layers as Keras 2, Keras 3 and TF.js write them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { activityRuleOf, weightRulesOf, type WeightRules } from '../../../src/models/layers/weight-rules.ts'

const keras3 = (name: string, config: object) => ({ module: 'keras.regularizers', class_name: name, config, registered_name: null })
const l2 = { type: 'l1-l2', l1: 0, l2: 0.5 }

test('one regulariser, however it is written', () => {
  for (const value of [keras3('L2', { l2: 0.5 }), { class_name: 'L2', config: { l2: 0.5 } }, { class_name: 'L1L2', config: { l1: 0, l2: 0.5 } }]) {
    assert.deepEqual(weightRulesOf('Dense', { kernel_regularizer: value }, ['kernel', 'bias']), { kernel: { regularizer: l2 } })
  }
  assert.deepEqual(weightRulesOf('Dense', { bias_regularizer: 'l1' }, ['kernel', 'bias']), { bias: { regularizer: { type: 'l1-l2', l1: 0.01, l2: 0 } } })
  assert.deepEqual(weightRulesOf('Dense', { kernel_regularizer: keras3('OrthogonalRegularizer', { factor: 0.1, mode: 'columns' }) }, ['kernel']),
    { kernel: { regularizer: { type: 'orthogonal', factor: 0.1, mode: 'columns' } } })
})

test('constraints with their settings and defaults', () => {
  const of = (value: unknown) => weightRulesOf('Dense', { kernel_constraint: value }, ['kernel']).kernel
  assert.deepEqual(of('max_norm'), { constraint: { type: 'max-norm', max: 2, axes: [0] } })
  assert.deepEqual(of({ class_name: 'MaxNorm', config: { max_value: 3, axis: [0, 1] } }), { constraint: { type: 'max-norm', max: 3, axes: [0, 1] } })
  assert.deepEqual(of({ class_name: 'MinMaxNorm', config: { min_value: 0.5 } }), { constraint: { type: 'min-max-norm', min: 0.5, max: 1, rate: 1, axes: [0] } })
  assert.deepEqual(of('UnitNorm'), { constraint: { type: 'unit-norm', axes: [0] } })
  assert.deepEqual(of({ class_name: 'NonNeg', config: {} }), { constraint: { type: 'non-negative' } })
})

test('settings belong to the weight that Keras means', () => {
  const regularizer = { class_name: 'L2', config: { l2: 0.5 } }
  const settings = Object.fromEntries(['kernel', 'bias', 'depthwise', 'pointwise', 'recurrent', 'embeddings', 'gamma', 'alpha'].map((name, index) =>
    [`${name}_regularizer`, { class_name: 'L2', config: { l2: index } }]))
  const numbers = (className: string, ...roles: string[]) => {
    const rules = weightRulesOf(className, settings, roles)
    return roles.map((role) => (rules[role]?.regularizer as { l2: number } | undefined)?.l2)
  }
  assert.deepEqual(numbers('DepthwiseConv2D', 'kernel', 'bias'), [2, 1])
  assert.deepEqual(numbers('SeparableConv2D', 'depthwise_kernel', 'pointwise_kernel', 'bias'), [2, 3, 1])
  assert.deepEqual(numbers('LSTM', 'kernel', 'recurrent_kernel', 'bias'), [0, 4, 1])
  assert.deepEqual(numbers('BatchNormalization', 'gamma', 'beta', 'moving_mean'), [6, undefined, undefined])
  assert.deepEqual(numbers('Embedding', 'embeddings'), [5])
  assert.deepEqual(numbers('PReLU', 'alpha'), [7])
  assert.deepEqual(weightRulesOf('TimeDistributed', { layer: { class_name: 'Dense', config: { kernel_regularizer: regularizer } } }, ['kernel']), { kernel: { regularizer: l2 } })
})

test('settings are those of the wrapped layer\'s class', () => {
  const inner = { class_name: 'DepthwiseConv2D', config: { depthwise_regularizer: { class_name: 'L2', config: { l2: 0.5 } } } }
  assert.deepEqual(weightRulesOf('TimeDistributed', { layer: inner }, ['kernel', 'bias']), { kernel: { regularizer: l2 } })
})

test('what is not known is a problem of training only', () => {
  const own = { module: 'my', class_name: 'L2', config: {}, registered_name: 'my>L2' }
  assert.match(weightRulesOf('Dense', { kernel_regularizer: own }, ['kernel']).kernel!.problem!, /my>L2 is not known/)
  assert.match(weightRulesOf('Dense', { kernel_regularizer: 'toString' }, ['kernel']).kernel!.problem!, /not known/)
  assert.match(weightRulesOf('Dense', { kernel_constraint: { class_name: 'MaxNorm', config: { axis: 'x' } } }, ['kernel']).kernel!.problem!, /cannot have/)
  assert.match(weightRulesOf('Dense', { kernel_regularizer: { class_name: 'L2', config: { l2: -1 } } }, ['kernel']).kernel!.problem!, /cannot have/)
  assert.match(weightRulesOf('Dense', { kernel_regularizer: 7 }, ['kernel']).kernel!.problem!, /cannot be read/)
  assert.match(activityRuleOf('Bidirectional', { layer: { class_name: 'LSTM', config: { activity_regularizer: 'l2' } } })!.problem!, /within a wrapper/)
})

test('layers and cells within a layer have rules of their own', () => {
  const cell = (l: number) => ({ class_name: 'LSTMCell', config: { kernel_regularizer: { class_name: 'L2', config: { l2: l } } } })
  const strengthOf = (rules: WeightRules, role: string) => (rules[role]?.regularizer as { l2: number } | undefined)?.l2
  const stack = { class_name: 'RNN', config: { cell: { class_name: 'StackedRNNCells', config: { cells: [cell(1), cell(2)] } } } }
  const rules = weightRulesOf('Bidirectional', { layer: stack, backward_layer: { class_name: 'RNN', config: { cell: cell(3) } } }, ['forward_layer/cell_0/kernel', 'forward_layer/cell_1/kernel', 'forward_layer/cell_1/bias', 'backward_layer/kernel'])
  assert.deepEqual(['forward_layer/cell_0/kernel', 'forward_layer/cell_1/kernel', 'forward_layer/cell_1/bias', 'backward_layer/kernel'].map((role) => strengthOf(rules, role)), [1, 2, undefined, 3])
  assert.equal(strengthOf(weightRulesOf('RNN', { cell: cell(4) }, ['kernel']), 'kernel'), 4)
  assert.equal(strengthOf(weightRulesOf('Bidirectional', { layer: cell(5) }, ['backward_layer/kernel']), 'backward_layer/kernel'), 5)
  assert.equal(strengthOf(weightRulesOf('TimeDistributed', { layer: cell(6) }, ['kernel']), 'kernel'), 6)
  assert.equal(strengthOf(weightRulesOf('MultiHeadAttention', cell(7).config, ['query/kernel']), 'query/kernel'), 7)
})

test('rules of outputs', () => {
  assert.equal(activityRuleOf('Dense', {}), undefined)
  assert.deepEqual(activityRuleOf('Dense', { activity_regularizer: { class_name: 'L2', config: { l2: 0.5 } } }), { regularizer: l2 })
  assert.deepEqual(activityRuleOf('ActivityRegularization', { l1: 0.1, l2: 0.2 }), { regularizer: { type: 'l1-l2', l1: 0.1, l2: 0.2 } })
})

test('no value of a setting makes the model unreadable', () => {
  fc.assert(fc.property(fc.anything(), fc.string(), (value, name) => {
    const config = { kernel_regularizer: value, kernel_constraint: { class_name: name, config: value }, activity_regularizer: value }
    const rule = weightRulesOf('Dense', config, ['kernel']).kernel
    assert.ok(value === null || value === undefined || rule !== undefined)
    activityRuleOf('Dense', config)
  }))
})

test('an architecture carries the rules of its layers, and stays runnable with unknown ones', () => {
  const { layers, graph } = readArchitecture({
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { name: 'in', batch_shape: [null, 4] } },
        { class_name: 'Dense', config: { name: 'd', units: 2, kernel_regularizer: keras3('L2', { l2: 0.5 }), activity_regularizer: 'mine' } },
        { class_name: 'Dense', config: { name: 'e', units: 2 } },
      ],
    },
  })
  assert.ok(graph)
  assert.deepEqual(layers[1]!.rules, { kernel: { regularizer: l2 } })
  assert.match(layers[1]!.activity!.problem!, /mine is not known/)
  assert.deepEqual([layers[2]!.rules, layers[2]!.activity], [undefined, undefined])
})
