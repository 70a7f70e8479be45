/** Every layer type gives the same outputs and gradients in a compiled program as one operation at a time. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { createProgram } from '../../src/engine/compile/program.ts'
import { readCases } from '../fixtures/layers/cases.ts'
import { gradientsOf, openCase, sourcesOf, type Source } from '../support/layer-gradients.ts'

/** Relative to the largest entry, at least 1: fused kernels add in another order. */
const TOLERANCE = 1e-5

describe('compiled gradients equal eager ones', () => {
  for (const one of readCases()) {
    test(one.name, () => {
      tf.engine().startScope()
      const opened = openCase(one)
      const [fed, all] = [sourcesOf(opened), [...opened.inputs, ...opened.weights, ...opened.fixed]]
      const compute = (changed?: ReadonlyMap<Source, tf.Tensor>) => [...opened.outputs(changed), ...gradientsOf(opened, fed, changed).map((gradient) => gradient!)]
      const variables = new Map(all.map((source) => [source, tf.variable(source.value, true)]))
      const program = createProgram(Object.fromEntries([...variables].map(([source, variable], index) => [`${index} ${source.label}`, variable])), {
        all: () => compute(variables),
      })
      try {
        const expected = compute()
        const actual = program.run('all')
        assert.equal(actual.length, expected.length)
        for (const [index, tensor] of actual.entries()) {
          const [a, b] = [tensor, expected[index]!].map((item) => [...item.dataSync()]) as [number[], number[]]
          assert.deepEqual(tensor.shape, expected[index]!.shape)
          const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
          const error = b.reduce((most, value, at) => Math.max(most, Math.abs(value - a[at]!)), 0) / scale
          assert.ok(error <= TOLERANCE, `result ${index} is off by ${error}`)
        }
        tf.dispose(actual)
      } finally {
        program.dispose()
        tf.dispose([...variables.values()])
        tf.engine().endScope()
      }
    })
  }
})

test('what no one asks for is not computed: the gradient by the model\'s input', () => {
  const config = {
    class_name: 'Sequential',
    config: {
      layers: [
        { class_name: 'InputLayer', config: { name: 'in', batch_shape: [null, 6, 6, 2] } },
        { class_name: 'Conv2D', config: { name: 'a', filters: 3, kernel_size: 3, activation: 'relu' } },
        { class_name: 'Conv2D', config: { name: 'b', filters: 3, kernel_size: 3 } },
        { class_name: 'Flatten', config: { name: 'f' } },
        { class_name: 'Dense', config: { name: 'c', units: 2 } },
      ],
    },
  }
  const zeros = (shape: number[]) => ({ shape, values: new Float32Array(shape.reduce((product, size) => product * size, 1)) })
  const layer = (path: string, ...shapes: number[][]) => ({ path, weights: shapes.map((shape) => ({ role: '', ...zeros(shape) })) })
  tf.tidy(() => {
    const opened = openCase({
      name: 'two convolutions',
      config,
      parameters: 0,
      layers: [layer('a', [3, 3, 2, 3], [3]), layer('b', [3, 3, 3, 3], [3]), layer('c', [12, 2], [2])],
      inputs: [zeros([1, 6, 6, 2])],
      outputs: [],
    })
    const variables = new Map([...opened.inputs, ...opened.weights].map((source) => [source, tf.variable(source.value)]))
    const program = createProgram(Object.fromEntries([...variables].map(([{ label }, variable]) => [label, variable])), {
      all: () => gradientsOf(opened, opened.weights, variables).map((gradient) => gradient!),
    })
    program.prepare({ all: [] })
    const count = (op: string) => program.nodes.filter((node) => node.op === op).length
    assert.deepEqual(['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput', 'BiasAdd', 'BiasAddGrad', 'Relu', 'ReluGrad'].map(count), [2, 2, 1, 3, 3, 1, 1])
    // Forward, by the kernel, by the input.
    assert.equal(count('MatMul'), 3)
    program.dispose()
    tf.dispose([...variables.values()])
  })
})
