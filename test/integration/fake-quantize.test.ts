/** Fake quantization in compiled steps: values and gradients against TensorFlow's own, and the eager form. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { createEagerProgram } from '../../src/engine/compile/eager.ts'
import { createProgram } from '../../src/engine/compile/program.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { fakeQuantizeActivation, fakeQuantizeWeight } from '../../src/engine/prune/fake-quantize.ts'
import { onGrid, type Grid } from '../../src/models/quantization/grid.ts'

interface Case { readonly values: number[], readonly gradient: number[] }
interface Given { readonly shape: number[], readonly upstream: number[] }
interface Expected {
  readonly weights: Given & { readonly kernel: number[], readonly cases: ReadonlyArray<Case & Omit<Grid, 'group'> & { readonly name: string }> }
  readonly activations: Given & { readonly values: number[], readonly cases: ReadonlyArray<Case & { readonly min: number, readonly max: number }> }
}

const expected = JSON.parse(readFileSync(new URL('../fixtures/quantization/expected.json', import.meta.url), 'utf8')) as Expected

/** The value and the gradient of the sum of value times upstream, compiled and eager. */
function run (given: readonly number[], { shape, upstream }: Given, of: (x: tf.Tensor) => tf.Tensor): number[][] {
  const all = [createProgram, createEagerProgram].map((create) => {
    const w = tf.variable(tf.tensor(given as number[], shape))
    const up = tf.tensor(upstream, shape)
    const program = create({ w }, {
      step () {
        let made: tf.Tensor | undefined
        const { grads } = tf.variableGrads(() => {
          const y = of(w)
          made = tf.keep(tf.clone(y))
          return tf.sum(tf.mul(y, tf.tensor(upstream, shape)))
        }, [w])
        const kept = tf.clone(made!)
        made!.dispose()
        return [kept, grads[w.name]!]
      },
    })
    try {
      return program.run('step', []).map((tensor) => [...tensor.dataSync()])
    } finally {
      program.dispose()
      tf.dispose([w, up])
    }
  })
  // TensorFlow's graph optimizer makes a division by a constant a product.
  all[0]!.forEach((values, at) => { assertNear(values, all[1]![at]!, 'compiled and eager') })
  return all[0]!
}

function assertNear (a: ArrayLike<number>, b: ArrayLike<number>, what: string): void {
  assert.equal(a.length, b.length)
  for (let at = 0; at < a.length; at++) assert.ok(Math.abs(a[at]! - b[at]!) <= 5e-7 * Math.max(1, Math.abs(b[at]!)), `${what} ${at}: ${a[at]}, not ${b[at]}`)
}

describe('fake quantization in training', async () => {
  await loadEngine()

  for (const { name, values, gradient, ...grid } of expected.weights.cases) {
    test(`${name}: as TensorFlow`, () => {
      const [made, grad] = run(expected.weights.kernel, expected.weights, (w) => fakeQuantizeWeight(w, { ...grid, group: null }))
      assertNear(made!, values, 'value')
      assertNear(grad!, gradient, 'gradient')
    })
  }

  test('groups along a channel: the weights that are written in the end', () => {
    const { kernel, shape } = expected.weights
    for (const group of [1, 5, 7, 36, 100]) {
      const grid = { type: 'int4', axes: [3], group } as const
      const [made] = run(kernel, expected.weights, (w) => fakeQuantizeWeight(w, grid))
      assertNear(made!, onGrid(Float32Array.from(kernel), shape, grid).values, `group ${group}`)
    }
  })

  for (const { min, max, values, gradient } of expected.activations.cases) {
    test(`activations from ${min} to ${max}: as TensorFlow, no gradient beyond`, () => {
      const [made, grad] = run(expected.activations.values, expected.activations, (x) => fakeQuantizeActivation(x, { min, max }))
      assertNear(made!, values, 'value')
      assertNear(grad!, gradient, 'gradient')
      assert.ok(grad!.includes(0) && grad!.some((one) => one !== 0))
    })
  }
})
