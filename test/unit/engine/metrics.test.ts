/** Losses and metrics against the values real Keras computed for the same numbers, and the task that is told from shapes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { TASKS } from '../../../src/engine/metrics/index.ts'
import { inferTask, type LastActivation, type TargetFacts } from '../../../src/engine/metrics/infer.ts'
import type { NumberType } from '../../../src/models/tensor.ts'

interface Case {
  name: string, task: string, activation: LastActivation, type: NumberType, examples: number
  outputShape: number[], targetShape: number[], predictions: number[], targets: number[], expected: Record<string, number>
}

const { cases } = JSON.parse(readFileSync(new URL('../../fixtures/metrics/keras.json', import.meta.url), 'utf8')) as { cases: Case[] }

function factsOf (example: Case): TargetFacts {
  return {
    output: example.outputShape,
    target: example.targetShape,
    type: example.type,
    activation: example.activation,
    wholeNumbers: example.targets.every((value) => Number.isInteger(value) && value >= 0),
  }
}

describe('metrics equal Keras', () => {
  for (const example of cases) {
    for (const batches of [1, 2]) {
      test(`${example.name}, ${batches} batches`, () => {
        const { task, context } = inferTask(factsOf(example))
        assert.equal(task, example.task)
        const accumulator = TASKS[task].create(context)
        const predictions = Float32Array.from(example.predictions)
        const targets = Float32Array.from(example.targets)
        for (let batch = 0; batch < batches; batch++) {
          const part = (values: Float32Array): Float32Array => values.subarray(values.length * batch / batches, values.length * (batch + 1) / batches)
          accumulator.update(part(predictions), part(targets))
        }
        const result = accumulator.result()
        for (const [name, value] of Object.entries(example.expected)) {
          assert.ok(Math.abs(result[name]! - value) <= 2e-6 * Math.max(1, Math.abs(value)), `${name}: ${result[name]}, Keras ${value}`)
        }
      })
    }
  }
})

describe('the task of an output', () => {
  const facts = { output: [10], target: [], type: 'uint8', wholeNumbers: true, activation: 'softmax' } as const

  test('what is asked wins over what is guessed', () => {
    const { task, context } = inferTask({ ...facts, output: [1], activation: 'other' }, 'binary')
    assert.equal(task, 'binary')
    assert.equal(context.scores, 'logits')
  })

  test('shapes that do not belong together are named', () => {
    assert.throws(() => inferTask({ ...facts, target: [7] }, 'auto', 'output dense'), (error: EspalierError) =>
      error.code === 'shape-mismatch' && error.message.includes('[10]') && error.message.includes('[7]'))
    assert.throws(() => inferTask(facts, 'regression'), { code: 'shape-mismatch' })
    assert.throws(() => inferTask(facts, 'guessing'), { code: 'invalid-recipe' })
  })

  test('a label outside the classes is named', () => {
    const accumulator = TASKS.classification.create(inferTask(facts).context)
    assert.throws(() => accumulator.update(new Float32Array(10), Float32Array.of(10)), /label 10 .* 0 to 9/)
  })
})
