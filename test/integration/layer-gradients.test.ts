/** Every layer type has gradients, which agree with what the outputs do when inputs and weights move a little. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { readCases } from '../fixtures/layers/cases.ts'
import { factorsOf, gradientsOf, openCase, sourcesOf, weightedSum, type Differentiable, type Source } from '../support/layer-gradients.ts'

/** Of the derivative along a direction, against central differences in float32. */
const TOLERANCE = 2e-2
const STEPS = [2e-3, 2e-4]
const ROUNDS = 4
/** Differences across a corner of a function (a maximum that changes hands) tell nothing; no wrong gradient is right in all other rounds. */
const CORNERS = 1
/** The stored values have few digits: moved by this much they are no longer equal or zero, where corners are. */
const JITTER = 0.05

type Values = ReadonlyMap<Source, tf.Tensor>

/** The sum in float64, as float32 loses the differences. */
function preciseSum (outputs: readonly tf.Tensor[]): number {
  return outputs.reduce((sum, output) => {
    const factors = factorsOf(output.size)
    return [...output.dataSync()].reduce((total, value, index) => total + value * factors[index]!, sum)
  }, 0)
}

function noise (sources: readonly Source[], seed: number): Values {
  return new Map(sources.map((source, index) => [source, tf.randomNormal(source.value.shape, 0, 1, 'float32', 1000 * seed + index)]))
}

function moved (values: Values, directions: Values, step: number): Values {
  return new Map([...values].map(([source, value]) => [source, tf.add(value, tf.mul(directions.get(source)!, step))]))
}

/** How far the gradients are from the differences, relative to what a derivative along a random direction is like. */
function disagreement (one: Differentiable, sources: readonly Source[], seed: number): number {
  const values = moved(new Map(sources.map((source) => [source, source.value])), noise(sources, seed), JITTER)
  const directions = noise(sources, seed + 1)
  const products = gradientsOf(one, sources, values).map((gradient, index) => {
    const { label, value } = sources[index]!
    assert.ok(gradient, `no gradient by ${label}`)
    assert.deepEqual(gradient.shape, value.shape, label)
    assert.ok(gradient.dataSync().every((item) => Number.isFinite(item)), `the gradient by ${label} is not finite`)
    return tf.mul(gradient, directions.get(sources[index]!)!)
  })
  const told = products.reduce((sum, product) => sum + tf.sum(product).dataSync()[0]!, 0)
  const size = Math.sqrt(products.reduce((sum, product) => sum + tf.sum(tf.square(product)).dataSync()[0]!, 0))
  const errors = STEPS.map((step) => {
    const [before, after] = [-step, step].map((distance) => preciseSum(one.outputs(moved(values, directions, distance))))
    return Math.abs((after! - before!) / (2 * step) - told)
  })
  return Math.min(...errors) / Math.max(size, Math.abs(told), 0.1)
}

describe('gradients agree with central differences', () => {
  // What is held constant moves with its input; test:interop has it.
  for (const one of readCases().filter(({ name }) => name !== 'op stop gradient')) {
    test(one.name, () => {
      tf.tidy(() => {
        const opened = openCase(one)
        const errors = Array.from({ length: ROUNDS }, (_, round) => disagreement(opened, sourcesOf(opened), 2 * round + 1))
        assert.ok(errors.filter((error) => error > TOLERANCE).length <= CORNERS, `off by ${errors.join(', ')}`)
      })
    })
  }
})

test('the sum that is differentiated is the one that is measured', () => {
  tf.tidy(() => {
    const outputs = [tf.randomNormal([3, 4]), tf.randomNormal([5])]
    assert.ok(Math.abs(weightedSum(outputs).dataSync()[0]! - preciseSum(outputs)) < 1e-5)
  })
})
