/** Losses and their gradients are Keras' where they are hard: certain and wrong, far from 0, ties, per position, targets that lack an axis. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { createProgram } from '../../src/engine/compile/program.ts'
import { LOSSES, reduceLoss, type Loss, type LossName } from '../../src/engine/train/losses/index.ts'

interface Case { readonly name: LossName, readonly fromLogits: boolean, readonly targets: number[], readonly outputs: number[][], readonly values: number[], readonly gradient: number[] }

const cases = JSON.parse(readFileSync(new URL('../fixtures/train/losses.json', import.meta.url), 'utf8')) as Case[]

function close (actual: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what)
  expected.forEach((value, index) => {
    assert.ok(Math.abs(actual[index]! - value) <= tolerance * Math.max(1, Math.abs(value)), `${what} ${index} is ${actual[index]}, Keras has ${value}`)
  })
}

/** Losses and gradient of a case; the step that a graph is recorded of, too. */
const both = ({ name, fromLogits }: Case) => (targets: tf.Tensor, outputs: tf.Tensor): [tf.Tensor, tf.Tensor] => {
  const run = (x: tf.Tensor) => (LOSSES[name] as Loss).perExample(targets, x, fromLogits)
  return [run(outputs), tf.grad((x) => tf.sum(run(x)))(outputs)]
}

describe('losses where they are hard', () => {
  for (const [index, example] of cases.entries()) {
    const { name, fromLogits, targets, outputs, values, gradient } = example
    test(`${index}: ${name}${fromLogits ? ' from logits' : ''}`, () => {
      tf.tidy(() => {
        const [losses, slopes] = both(example)(tf.tensor(targets), tf.tensor(outputs))
        const rowShape = losses.rank === 0 ? [] : slopes.shape.slice(0, -1)
        assert.deepEqual(losses.shape, rowShape)
        close(losses.dataSync(), values, 1e-5, 'loss')
        close(slopes.dataSync(), gradient, 1e-4, 'gradient')
      })
    })
  }

  test('every one of them is the same in a compiled step', () => {
    const program = createProgram({}, Object.fromEntries(cases.map((example, index) => [String(index), (y, x) => both(example)(y!, x!)])))
    try {
      tf.tidy(() => {
        const inputs = cases.map(({ targets, outputs }): [tf.Tensor, tf.Tensor] => [tf.tensor(targets), tf.tensor(outputs)])
        program.prepare(Object.fromEntries(inputs.map((given, index) => [String(index), given.map(({ shape }) => ({ shape, dtype: 'float32' as const }))])))
        for (const [index, { name, values, gradient }] of cases.entries()) {
          const [losses, slopes] = program.run(String(index), inputs[index]!) as [tf.Tensor, tf.Tensor]
          close(losses.dataSync(), values, 1e-5, `loss of ${index}, ${name}`)
          close(slopes.dataSync(), gradient, 1e-4, `gradient of ${index}, ${name}`)
        }
      })
    } finally {
      program.dispose()
    }
  })

  test('a vector without length has a finite gradient', () => {
    tf.tidy(() => {
      const slopes = tf.grad((x) => tf.sum(LOSSES['cosine-similarity'].perExample(tf.ones([1, 3]), x, false)))(tf.zeros([1, 3]))
      assert.ok(slopes.dataSync().every(Number.isFinite))
    })
  })

  test('a batch that is masked as a whole has the loss 0', () => {
    tf.tidy(() => { assert.equal(reduceLoss(tf.ones([2, 3]), { mask: tf.zeros([2, 3], 'bool') }).dataSync()[0], 0) })
  })
})
