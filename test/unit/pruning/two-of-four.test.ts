/** 2:4 in kernels of every layer type as Keras makes them: along the inputs of each output, counted by indices written out here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LAYER_TYPES, type KerasConfig, type LayerTypeName } from '../../../src/models/layers/index.ts'
import { PLAIN_CALL, type LayerType } from '../../../src/models/layers/layer-type.ts'
import type { SymbolicShape } from '../../../src/models/tensor.ts'
import { groupingOf } from '../../../src/pruning/granularity/index.ts'
import { pruneMagnitude } from '../../../src/pruning/prune.ts'

type Sizes = readonly number[]

/** Where the inputs of one output at one position begin, how far apart they are, and how many there are. */
interface Line { readonly from: number, readonly step: number, readonly count: number }

const times = <T>(count: number, of: (index: number) => T[]): T[] => Array.from({ length: count }, (_, index) => of(index)).flat()

/** [inputs, outputs], at each of the positions in front. */
const inputsBeforeOutputs = (positions: number, inputs: number, outputs: number): Line[] =>
  times(positions, (position) => times(outputs, (output) => [{ from: position * inputs * outputs + output, step: outputs, count: inputs }]))

/** [outputs, inputs], at each of the positions in front. */
const inputsLast = (positions: number, outputs: number, inputs: number): Line[] =>
  times(positions * outputs, (place) => [{ from: place * inputs, step: 1, count: inputs }])

const product = (sizes: Sizes): number => sizes.reduce((all, size) => all * size, 1)
const convolution = (shape: Sizes) => inputsBeforeOutputs(product(shape.slice(0, -2)), shape.at(-2)!, shape.at(-1)!)
const transposed = (shape: Sizes) => inputsLast(product(shape.slice(0, -2)), shape.at(-2)!, shape.at(-1)!)
const firstAxis = ([inputs, ...outputs]: Sizes) => inputsBeforeOutputs(1, inputs!, product(outputs))
const firstTwoAxes = ([heads, size, outputs]: Sizes) => inputsBeforeOutputs(1, heads! * size!, outputs!)

const CASES: ReadonlyArray<[LayerTypeName, KerasConfig, SymbolicShape, Readonly<Record<string, [shape: Sizes, lines: (shape: Sizes) => Line[]]>>]> = [
  ['Dense', { units: 3 }, [null, 8], { kernel: [[8, 3], firstAxis] }],
  ['EinsumDense', { equation: 'abc,cde->abde', output_shape: [null, 2, 3] }, [null, 5, 8], { kernel: [[8, 2, 3], firstAxis] }],
  ['Conv1D', { filters: 5, kernel_size: 3 }, [null, 9, 8], { kernel: [[3, 8, 5], convolution] }],
  ['Conv2D', { filters: 6, kernel_size: [3, 2] }, [null, 9, 9, 4], { kernel: [[3, 2, 4, 6], convolution] }],
  ['Conv2D', { filters: 6, kernel_size: 3, groups: 2 }, [null, 9, 9, 8], { kernel: [[3, 3, 4, 6], convolution] }],
  ['Conv3D', { filters: 3, kernel_size: 2 }, [null, 4, 4, 4, 8], { kernel: [[2, 2, 2, 8, 3], convolution] }],
  ['Conv1DTranspose', { filters: 5, kernel_size: 3 }, [null, 9, 8], { kernel: [[3, 5, 8], transposed] }],
  ['Conv2DTranspose', { filters: 3, kernel_size: [3, 2] }, [null, 9, 9, 4], { kernel: [[3, 2, 3, 4], transposed] }],
  ['Conv3DTranspose', { filters: 3, kernel_size: 2 }, [null, 4, 4, 4, 8], { kernel: [[2, 2, 2, 3, 8], transposed] }],
  ['SeparableConv2D', { filters: 5, kernel_size: 3, depth_multiplier: 2 }, [null, 9, 9, 4], { pointwise_kernel: [[1, 1, 8, 5], convolution] }],
  ['SimpleRNN', { units: 4 }, [null, 5, 8], { kernel: [[8, 4], firstAxis], recurrent_kernel: [[4, 4], firstAxis] }],
  ['GRU', { units: 4 }, [null, 5, 8], { kernel: [[8, 12], firstAxis], recurrent_kernel: [[4, 12], firstAxis] }],
  ['LSTM', { units: 8 }, [null, 5, 4], { kernel: [[4, 32], firstAxis], recurrent_kernel: [[8, 32], firstAxis] }],
  ['MultiHeadAttention', { num_heads: 2, key_dim: 6 }, [null, 5, 8], {
    'query/kernel': [[8, 2, 6], firstAxis], 'key/kernel': [[8, 2, 6], firstAxis], 'value/kernel': [[8, 2, 6], firstAxis], 'attention_output/kernel': [[2, 6, 8], firstTwoAxes],
  }],
]

for (const [name, config, shape, kernels] of CASES) {
  test(`${name} ${JSON.stringify(config)}`, () => {
    const type: LayerType<unknown> = LAYER_TYPES[name]
    const inputs = name === 'MultiHeadAttention' ? [shape, shape] : [shape]
    const specs = type.weights(type.parse(config, { path: 'layer', className: name, keras: 3 }), inputs, name === 'MultiHeadAttention' ? { roles: ['query', 'value'], flags: [] } : PLAIN_CALL)
    for (const [role, [expected, lines]] of Object.entries(kernels)) {
      const { shape: sizes, axes } = specs.find((spec) => spec.role === role)!
      assert.deepEqual(sizes, expected)
      // All different, none of them zero, in no order.
      const before = Float32Array.from({ length: product(sizes) }, (_, index) => ((index * 7919) % 10_007 + 1) * (index % 2 === 0 ? 1 : -1))
      const values = before.slice()
      const grouping = groupingOf({ name: role, shape: sizes, axes, className: name, role }, { type: 'n:m', n: 2, m: 4 })
      assert.ok(grouping !== null && !('refused' in grouping))
      pruneMagnitude([{ name: role, layer: 'layer', shape: sizes, values, grouping }], { sparsity: 0.5, scope: 'global' })
      let seen = 0
      for (const { from, step, count } of lines(sizes)) {
        for (let first = 0; first < count; first += 4) {
          const four = [0, 1, 2, 3].map((at) => from + (first + at) * step)
          const kept = four.filter((place) => values[place] !== 0)
          assert.equal(kept.length, 2, `${role} at ${four.join(', ')}`)
          assert.deepEqual(new Set(kept), new Set(four.sort((a, b) => Math.abs(before[b]!) - Math.abs(before[a]!)).slice(0, 2)))
          seen += 4
        }
      }
      assert.equal(seen, values.length)
    }
  })
}

test('depthwise kernels and lookups are refused', () => {
  for (const [name, config, shape, index] of [['DepthwiseConv2D', { kernel_size: 3 }, [null, 9, 9, 4], 0], ['SeparableConv1D', { filters: 4, kernel_size: 3 }, [null, 9, 4], 0], ['Embedding', { input_dim: 8, output_dim: 4 }, [null, 5], 0]] as const) {
    const type: LayerType<unknown> = LAYER_TYPES[name]
    const { role, shape: sizes, axes } = type.weights(type.parse(config, { path: 'layer', className: name, keras: 3 }), [shape], PLAIN_CALL)[index]!
    const grouping = groupingOf({ name: role, shape: sizes, axes, className: name, role }, { type: 'n:m', n: 2, m: 4 })
    assert.ok(grouping !== null && 'refused' in grouping, name)
  }
})
