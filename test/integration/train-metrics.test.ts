/** Training metrics come to what Keras' metric objects give after several batches, one operation at a time and compiled. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { createEagerProgram } from '../../src/engine/compile/eager.ts'
import { createProgram } from '../../src/engine/compile/program.ts'
import { TASK_NAMES, type TaskName } from '../../src/engine/metrics/index.ts'
import { LOSSES } from '../../src/engine/train/losses/index.ts'
import { createMetric, defaultMetrics, lossMetric, TRAIN_METRICS, type MetricBatch, type MetricContext, type TrainMetric } from '../../src/engine/train/metrics/index.ts'

interface Case {
  readonly name: string, readonly task: TaskName, readonly sparse: boolean, readonly logits: boolean, readonly classes: number, readonly batches: number[]
  readonly targetShape: number[], readonly outputShape: number[], readonly targets: number[], readonly outputs: number[], readonly weights: number[]
  readonly expected: Record<string, number>, readonly weighted: Record<string, number>
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/train/metrics.json', import.meta.url), 'utf8')) as {
  cases: Case[], masked: { targets: number[][], outputs: number[][][], mask: boolean[][], batches: number[], expected: number }
}

const IN_CLASSES = { task: 'classification', classes: 3, sparse: true, logits: false } as const

function close (actual: number, expected: number, what: string, tolerance = 2e-6): void {
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${what} is ${actual}, expected ${expected}`)
}

/** The result of a metric after the batches. */
function gathered (metric: TrainMetric, batches: readonly MetricBatch[], create: typeof createProgram = createEagerProgram): number {
  const sums = metric.state.map((shape) => tf.variable(tf.zeros([...shape])))
  const program = create(Object.fromEntries(sums.map((sum, index) => [String(index), sum])), {
    add (targets, outputs, weights) {
      metric.accumulate(sums, { targets: targets!, outputs: outputs!, weights }).forEach((value, index) => { sums[index]!.assign(value) })
      return []
    },
  })
  try {
    for (const { targets, outputs, weights } of batches) program.run('add', [targets, outputs, ...(weights === undefined ? [] : [weights])])
    return metric.result(program.read(sums.map((_, index) => String(index))).map((sum) => sum.dataSync()))
  } finally {
    program.dispose()
    tf.dispose(sums)
  }
}

function batchesOf ({ batches, targetShape, outputShape, targets, outputs, weights }: Case, weighted: boolean): MetricBatch[] {
  const examples = weights.length
  const part = (values: number[], shape: number[], from: number, size: number): tf.Tensor => {
    const each = values.length / examples
    return tf.tensor(values.slice(from * each, (from + size) * each), [size, ...shape])
  }
  return batches.map((size, index) => {
    const from = batches.slice(0, index).reduce((sum, one) => sum + one, 0)
    return { targets: part(targets, targetShape, from, size), outputs: part(outputs, outputShape, from, size), ...(weighted && { weights: part(weights, [], from, size) }) }
  })
}

describe('metrics after three batches', () => {
  for (const example of fixture.cases) {
    for (const [kind, expected] of [['', example.expected], [' with weights', example.weighted]] as const) {
      test(`${example.name}${kind}`, () => {
        tf.tidy(() => {
          for (const [name, value] of Object.entries(expected)) close(gathered(createMetric(name, example), batchesOf(example, kind !== '')), value, name)
        })
      })
    }
  }

  test('the same when the step is compiled', () => {
    for (const name of ['one-hot logits', 'sparse', 'regression', 'binary segmentation']) {
      const example = fixture.cases.find((one) => one.name === name)!
      tf.tidy(() => {
        for (const [metric, value] of Object.entries(example.weighted)) close(gathered(createMetric(metric, example), batchesOf(example, true), createProgram), value, `${name}: ${metric}`)
      })
    }
  })

  test('a mask weighs positions', () => {
    const { targets, outputs, mask, batches, expected } = fixture.masked
    tf.tidy(() => {
      const given = batches.map((size, index): MetricBatch => {
        const from = batches.slice(0, index).reduce((sum, one) => sum + one, 0)
        const of = <T>(values: readonly T[]) => values.slice(from, from + size)
        return { targets: tf.tensor2d(of(targets)), outputs: tf.tensor3d(of(outputs)), weights: tf.cast(tf.tensor2d(of(mask), undefined, 'bool'), 'float32') }
      })
      close(gathered(createMetric('accuracy', { ...IN_CLASSES, task: 'segmentation' }), given), expected, 'accuracy')
    })
  })
})

describe('single metrics', () => {
  const binary: MetricContext = { task: 'multi-label', classes: 2, sparse: false, logits: false }

  test('exactMatch wants every label of an example', () => {
    tf.tidy(() => {
      const batch = { targets: tf.tensor2d([[1, 0], [1, 1], [0, 0]]), outputs: tf.tensor2d([[0.9, 0.1], [0.9, 0.2], [0.1, 0.4]]) }
      close(gathered(createMetric('exactMatch', binary), [batch, batch]), 2 / 3, 'exactMatch')
    })
  })

  test('top5 holds a score that is no number wrong, and classes that tie with the fifth right', () => {
    tf.tidy(() => {
      const outputs = tf.tensor2d([new Array<number>(12).fill(NaN), new Array<number>(12).fill(1), Array.from({ length: 12 }, (_, index) => index)])
      const batch = { targets: tf.tensor1d([0, 11, 6]), outputs }
      close(gathered(createMetric('top5', { ...IN_CLASSES, classes: 12 }), [batch]), 1 / 3, 'top5')
    })
  })

  test('auc survives outputs that are no numbers', () => {
    tf.tidy(() => {
      const batch = { targets: tf.tensor2d([[1, 0], [0, 1]]), outputs: tf.tensor2d([[NaN, 0.2], [NaN, 0.9]]) }
      close(gathered(createMetric('auc', binary), [batch]), 0.625, 'auc')
    })
  })

  test('r2 stays exact for targets far from 0, and is 0 where they are constant', () => {
    const noise = Array.from({ length: 40 }, (_, index) => Math.sin(index * 7) / 2)
    const targets = noise.map((value) => Math.fround(4096 + value))
    const outputs = targets.map((value, index) => Math.fround(value + noise[(index + 3) % 40]! / 8))
    const mean = targets.reduce((sum, value) => sum + value, 0) / 40
    const sum = (of: (index: number) => number) => targets.reduce((total, _, index) => total + of(index) ** 2, 0)
    const expected = 1 - sum((index) => targets[index]! - outputs[index]!) / sum((index) => targets[index]! - mean)
    const batches = [0, 10, 20, 30].map((from) => ({
      targets: tf.tensor2d(targets.slice(from, from + 10).map((value) => [value, 5])), outputs: tf.tensor2d(outputs.slice(from, from + 10).map((value) => [value, 5 + value])),
    }))
    close(gathered(createMetric('r2', { task: 'regression', classes: 2, sparse: false, logits: false }), batches), expected / 2, 'r2', 1e-4)
    tf.dispose(batches)
  })

  test('nothing seen is 0', () => {
    for (const name of Object.keys(TRAIN_METRICS)) {
      const task = name === 'r2' ? 'regression' : name === 'exactMatch' ? 'multi-label' : 'classification'
      const metric = createMetric(name, { ...IN_CLASSES, task })
      assert.equal(metric.result(metric.state.map((shape) => new Float32Array(shape.reduce((size, one) => size * one, 1)))), 0, name)
    }
  })

  test('the mean of a loss weighs batches by their size', () => {
    tf.tidy(() => {
      const batch = (values: number[]) => ({ targets: tf.zeros([values.length, 1]), outputs: tf.tensor2d(values.map((value) => [value])) })
      close(gathered(lossMetric(LOSSES['mean-squared-error'], false), [batch([1, 2, 3]), batch([4])]), 7.5, 'loss')
    })
  })
})

describe('choice of metrics', () => {
  test('a task reports metrics that exist and fit', () => {
    for (const task of TASK_NAMES) {
      for (const name of defaultMetrics({ task })) createMetric(name, { task, classes: 12, sparse: false, logits: false })
    }
    assert.deepEqual(defaultMetrics({ task: 'classification' }), ['accuracy'])
  })

  test('what is not known or does not fit is refused by name', () => {
    const refused = (name: string, task: TaskName, message: RegExp) => { assert.throws(() => createMetric(name, { ...IN_CLASSES, task }), { code: 'invalid-recipe', message }) }
    refused('f1', 'binary', /"f1" is not known; metrics are accuracy/)
    refused('constructor', 'binary', /is not known/)
    refused('accuracy', 'regression', /accuracy does not fit the task regression; metrics that do are mse/)
  })
})
