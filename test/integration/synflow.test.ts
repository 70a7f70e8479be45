/** Synaptic flow is what TensorFlow and numpy compute in float64, however deep the model, and its rounds are those of the paper. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import type { Engine } from '../../src/engine/runtime.ts'
import { synapticFlow } from '../../src/engine/flow/synaptic-flow.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { parseRecipe, type Recipe } from '../../src/pruning/recipe.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

interface Expected {
  /** |w| dR/d|w| over its largest value in the model. */
  readonly branched: Readonly<Record<string, string>>
  readonly deep: Readonly<Record<string, string>>
  /** Flat places of what is left of each kernel, one after the other, and how many they are. */
  readonly small: { readonly sparsity: number, readonly kept: number[], readonly counts: number[] }
}

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/synflow/${name}`, import.meta.url))
const expected = JSON.parse(file('expected.json').toString()) as Expected

function unpacked (data: string): Float32Array {
  const bytes = Buffer.from(data, 'base64')
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

async function scoresOf (model: ModelFile, names: readonly string[], runs: number): Promise<Map<string, Float64Array>> {
  const flow = await synapticFlow(model, names, runs)
  try {
    const flows = flow.run(new Map())
    const tensors = new Map(model.layers.flatMap(({ path, weights }) => weights.map(({ role, tensor }) => [`${path}/${role}`, tensor])))
    return new Map(await Promise.all([...flows].map(async ([name, values]): Promise<[string, Float64Array]> => {
      const weights = await tensors.get(name)!.read()
      return [name, Float64Array.from(values, (value, at) => Math.abs(weights[at]!) * value)]
    })))
  } finally {
    flow.dispose()
  }
}

describe('flow', () => {
  let engine: Engine
  before(async () => { engine = await loadEngine() })

  for (const name of ['branched', 'deep'] as const) {
    for (const [mode, runs] of [['eager', 1], ['compiled', 100]] as const) {
      test(`${name}, ${mode}`, async () => {
        const tensors = engine.tf.memory().numTensors
        const model = await readModel(bytesInMemory(file(`${name}.keras`)))
        const scores = await scoresOf(model, Object.keys(expected[name]), runs)
        assert.equal(engine.tf.memory().numTensors, tensors)
        assert.deepEqual([...scores.keys()].sort(), Object.keys(expected[name]).sort())
        const largest = Math.max(...[...scores.values()].map((values) => values.reduce((a, b) => Math.max(a, b), 0)))
        for (const [weight, packed] of Object.entries(expected[name])) {
          const values = unpacked(packed)
          values.forEach((value, at) => {
            const found = scores.get(weight)![at]! / largest
            assert.ok(Math.abs(found - value) <= 2e-5 * value, `${weight}[${at}] is ${found}, ${value} expected`)
          })
        }
      })
    }
  }

  test('what flows through a layer that all paths go through is the same for each', async () => {
    const model = await readModel(bytesInMemory(file('deep.keras')))
    const sums = [...(await scoresOf(model, Object.keys(expected.deep), 1)).values()].map((values) => values.reduce((sum, value) => sum + value, 0))
    for (const sum of sums) assert.ok(Math.abs(sum / sums[0]! - 1) < 1e-4, `${sum} and ${sums[0]}`)
  })

  test('layers that no flow can be followed through are named', async () => {
    const model = await readModel(bytesInMemory(readFileSync(new URL('../fixtures/channels/channels.keras', import.meta.url))))
    const tensors = engine.tf.memory().numTensors
    await assert.rejects(synapticFlow(model, [], 1), { code: 'unsupported-layer', message: /the layer "units" of type LSTM does something else/ })
    assert.equal(engine.tf.memory().numTensors, tensors)
  })
})

describe('whole jobs without a data set', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(600) })
  after(async () => { await jobs.close() })

  test('100 rounds leave the weights that the algorithm in numpy leaves', async () => {
    const { sparsity, kept, counts } = expected.small
    const progress: number[] = []
    const { receipt } = await jobs.start('small', 'test/fixtures/synflow/small.keras', { method: 'one-shot', criterion: 'synflow', target: { sparsity }, evaluation: false }, {
      onProgress ({ stage, done, total }) { if (stage === 'pruning' && total === 100) progress.push(done) },
    })
    assert.deepEqual((receipt.provenance.recipe as Recipe).options, { rounds: 100 })
    assert.deepEqual(progress, Array.from({ length: 100 }, (_, at) => at + 1))
    const weights = await jobs.weights(`${jobs.home}/small/model.keras`)
    const left = ['a', 'b', 'c'].map((layer) => [...weights.get(`${layer}/kernel`)!.entries()].filter(([, value]) => value !== 0).map(([at]) => at))
    assert.deepEqual(left.map(({ length }) => length), counts)
    assert.deepEqual(left.flat(), kept)
  })

  test('no layer of LeNet-5 is cut through at 99.5 %, and the count is exact', async () => {
    const { receipt } = await jobs.start('lenet', 'test/fixtures/models/lenet5.h5', { method: 'one-shot', criterion: 'synflow', target: { sparsity: 0.995 }, evaluation: false })
    assert.equal(receipt.layers.reduce((sum, { nonzeros }) => sum + nonzeros, 0), receipt.after.prunableWeights - Math.floor(0.995 * receipt.after.prunableWeights + 0.5))
    assert.ok(receipt.layers.every(({ nonzeros }) => nonzeros > 0))
  })

  test('a model without a layer graph is refused, and so is calibration', async () => {
    await assert.rejects(jobs.start('none', 'test/fixtures/safetensors/plain.safetensors', { method: 'one-shot', criterion: 'synflow', target: { sparsity: 0.5 }, evaluation: false }), { code: 'unsupported-layer', message: /no flow can be followed through the model: / })
    assert.throws(() => parseRecipe({ method: 'one-shot', criterion: 'synflow', target: { sparsity: 0.5 }, calibration: {} }), { code: 'invalid-recipe', message: /"synflow" does not/ })
  })
})

test('any criterion can prune in rounds', async () => {
  const jobs = await createJobs(400)
  try {
    const { receipt } = await jobs.start('snip', 'test/fixtures/models/lenet5.h5', { method: 'one-shot', criterion: 'snip', options: { rounds: 3 }, target: { sparsity: 0.9 }, calibration: { examples: 100 }, evaluation: false }, { dataset: jobs.dataset })
    assert.equal(Math.round(receipt.after.sparsity * receipt.after.prunableWeights), Math.floor(0.9 * receipt.after.prunableWeights + 0.5))
    assert.equal(receipt.before.sparsity, 0)
    assert.equal(receipt.calibration!.examples, 100)
  } finally {
    await jobs.close()
  }
})
