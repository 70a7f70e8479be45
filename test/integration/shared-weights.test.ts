/** Codebooks in training: compiled as eager, both as real Keras moves values that are gathered; zeros and indices stay. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import type { Pruner } from '../../src/engine/prune/pruner.ts'
import type { TrainingData } from '../../src/engine/train/data.ts'
import type { OptimizerOptions } from '../../src/engine/train/options.ts'
import { createTrainer } from '../../src/engine/train/trainer.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { openFixture } from '../support/fixtures.ts'

const { codebook, batch, steps, runs } = JSON.parse(readFileSync(new URL('../fixtures/cluster/cluster.json', import.meta.url), 'utf8')) as {
  codebook: number[], batch: number, steps: number, runs: Record<'sgd' | 'momentum' | 'adam', { losses: number[], codebooks: number[][], biases: number[][] }>
}

const COMMON = { schedule: { type: 'constant' }, weightDecay: 0, clip: null } as const
const OPTIMIZERS: Record<keyof typeof runs, OptimizerOptions> = {
  sgd: { type: 'sgd', momentum: 0, nesterov: false, learningRate: 0.05, ...COMMON },
  momentum: { type: 'sgd', momentum: 0.9, nesterov: false, learningRate: 0.01, ...COMMON },
  adam: { type: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false, learningRate: 0.001, ...COMMON },
}

const count = batch * steps
const data: TrainingData = {
  examples: count,
  features: [{ shape: [28, 28, 1], values: Float32Array.from({ length: count * 784 }, (_, at) => at * 7919 % 1009 / 1009) }],
  targets: [{ shape: [], values: Float32Array.from({ length: count }, (_, at) => at % 10) }],
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
const indicesOf = (shape: readonly number[]) => Uint16Array.from({ length: sizeOf(shape) }, (_, at) => at * 31 % 9)
const pruner: Pruner = { shares: ({ prunable, shape }) => prunable ? { codebook: Float32Array.from(codebook), indices: indicesOf(shape) } : undefined, kinds: { train: {} } }

describe('shared weights in training', () => {
  let model: ModelFile, source: Awaited<ReturnType<typeof openFixture>>

  before(async () => {
    source = await openFixture('test/fixtures/models/mlp.keras')
    model = await readModel(source)
  })
  after(async () => { await source.close() })

  /** Losses of each step, and the weights at the end. */
  async function run (optimizer: OptimizerOptions, mode: 'eager' | 'unfused' | 'compiled', more: { epochs?: number } = {}) {
    const tensors = tf.memory().numTensors
    const changes = new Map(model.layers.flatMap(({ weights }) => weights.flatMap(({ prunable, tensor }) => prunable ? [[tensor.key, Float32Array.from(indicesOf(tensor.shape), (index) => codebook[index]!)] as const] : [])))
    const trainer = await createTrainer({
      model, data, changes, pruner, seed: 1, mode,
      options: { epochs: more.epochs ?? 1, batchSize: batch, optimizer, loss: 'auto', metrics: null, shuffle: false, classWeights: null, validation: 0, earlyStopping: null, timeBudget: null, checkpointEvery: 3600 },
    })
    try {
      const losses: number[] = []
      for (let epoch = 0; epoch < (more.epochs ?? 1); epoch++) {
        trainer.begin(epoch)
        for (let step = 0, before = 0; step < steps; step++) {
          trainer.steps(step, step + 1)
          const sum = trainer.sums().loss * (step + 1)
          losses.push(sum - before)
          before = sum
        }
      }
      const slots = trainer.names.filter((name) => name.startsWith('slot:') && /\/kernel$/.test(name)).map((name) => trainer.state.variables[name]!.size)
      assert.ok(slots.every((size) => size === codebook.length), 'the optimizer keeps as many numbers as there are values')
      return { losses, weights: trainer.weights() }
    } finally {
      trainer.dispose()
      assert.equal(tf.memory().numTensors, tensors, 'every tensor is freed')
    }
  }

  /** Values by their place in the codebook; asserts that all elements have theirs. */
  function codebooksOf (weights: ReadonlyMap<string, Float32Array>): number[][] {
    return model.layers.flatMap((layer) => layer.weights).filter(({ prunable }) => prunable).map(({ tensor: { key, shape } }) => {
      const [values, indices] = [weights.get(key)!, indicesOf(shape)]
      const own = codebook.map((_, index) => values[indices.indexOf(index)]!)
      assert.ok(values.every((value, at) => Object.is(value, own[indices[at]!])), `every element of ${key} has the value of its index`)
      assert.equal(own[0], 0)
      return own
    })
  }

  for (const [name, optimizer] of Object.entries(OPTIMIZERS) as Array<[keyof typeof runs, OptimizerOptions]>) {
    for (const mode of ['eager', 'compiled'] as const) {
      test(`with ${name}, ${mode}: values, biases and losses are those of Keras`, async () => {
        const { losses, weights } = await run(optimizer, mode)
        const expected = runs[name]
        for (const [step, loss] of losses.entries()) assert.ok(Math.abs(loss - expected.losses[step]!) < 2e-4 * expected.losses[step]!, `step ${step}: ${loss}, Keras has ${expected.losses[step]}`)
        const biases = model.layers.flatMap((layer) => layer.weights).filter(({ role }) => role === 'bias').map(({ tensor }) => [...weights.get(tensor.key)!])
        for (const [ours, theirs] of [[codebooksOf(weights), expected.codebooks], [biases, expected.biases]] as const) {
          assert.equal(ours.length, theirs.length)
          const off = Math.max(...ours.flatMap((own, index) => own.map((value, at) => Math.abs(value - theirs[index]![at]!))))
          assert.ok(off < 2e-5, `off by ${off}`)
        }
        const moved = codebooksOf(weights).flatMap((own) => own.slice(1).map((value, at) => Math.abs(value - codebook[at + 1]!)))
        assert.ok(moved.filter((by) => by > 1e-3).length > moved.length / 2, 'values moved')
      })
    }
  }

  test('the same operations, compiled, give the bits of the eager ones; decay shrinks values and keeps zeros', async () => {
    const decaying = { ...OPTIMIZERS.momentum, weightDecay: 0.1 }
    const [eager, unfused] = [await run(decaying, 'eager', { epochs: 3 }), await run(decaying, 'unfused', { epochs: 3 })]
    assert.deepEqual(unfused.weights, eager.weights)
    const plain = await run(OPTIMIZERS.momentum, 'eager', { epochs: 3 })
    assert.notDeepEqual(codebooksOf(eager.weights), codebooksOf(plain.weights))
  })
})
