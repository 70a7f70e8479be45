/** Scores of channels by every channel criterion are those that real Keras and numpy compute, and what cannot be scored says why. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, test } from 'node:test'
import type { Engine } from '../../src/engine/runtime.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import type { StaticContext } from '../../src/methods/method.ts'
import { planUnits } from '../../src/methods/plan-units.ts'
import { SIGHTS } from '../../src/methods/static/sights/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { CRITERIA, observedFor, type Criterion, type CriterionName } from '../../src/pruning/criteria/index.ts'
import { parseRecipe, type Recipe } from '../../src/pruning/recipe.ts'
import { folderOnDisk } from '../../src/worker/files.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

interface Expected {
  readonly batch: number
  readonly inputs: { readonly shape: number[], readonly data: string }
  readonly classes: number[]
  /** By weight, by criterion: of each channel. */
  readonly scores: Readonly<Record<string, Readonly<Partial<Record<CriterionName, number[]>>>>>
}

const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/channels/${name}`, import.meta.url))
const expected = JSON.parse(file('channels.json').toString()) as Expected

function contextOf (engine: Engine, model: ModelFile, criterion: CriterionName, changes: object = {}): StaticContext {
  const bytes = Buffer.from(expected.inputs.data, 'base64')
  const [examples, ...shape] = expected.inputs.shape as [number, ...number[]]
  const features = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const looks = ['taylor', 'apoz', 'mean-activation'].includes(criterion)
  const recipe = parseRecipe({ method: 'one-shot', criterion, target: { sparsity: 0.5 }, granularity: { type: 'channel' }, ...looks && { calibration: { batchSize: expected.batch } }, ...changes })
  const training = {
    examples,
    features: [{ shape, type: 'float32', read: async () => features }],
    targets: [{ shape: [], type: 'int32', read: async () => Float32Array.from(expected.classes) }],
  } as const
  const calibration = { engine: async () => engine, folder: folderOnDisk(tmpdir()), examples: { training, selection: null, name: 'all' }, limits: { sessionDataBytes: 2 ** 28 }, spool: async () => { throw new Error('it fits') }, onProgress () {} }
  return { recipe, model, signal: new AbortController().signal, calibration }
}

/** The score of each channel, and why others have none, by weight. */
async function scoresOf (engine: Engine, model: ModelFile, name: CriterionName): Promise<{ scores: Map<string, number[]>, refused: Map<string, string> }> {
  const [context, criterion]: [StaticContext, Criterion] = [contextOf(engine, model, name), CRITERIA[name]]
  const plan = planUnits(model, context.recipe)
  const kind = observedFor(criterion, 'channel')
  const sight = kind && await SIGHTS[kind](context, plan)
  const seen = await sight?.see(new Map())
  const tensors = new Map(model.layers.flatMap(({ path, weights }) => weights.map(({ role, tensor }) => [`${path}/${role}`, tensor])))
  const [scores, refused] = [new Map<string, number[]>(), new Map<string, string>()]
  for (const [place, planned] of plan.plan.prune.entries()) {
    const reason = seen?.refused(planned)
    if (reason !== undefined) {
      refused.set(planned.name, reason)
      continue
    }
    const grouping = plan.layouts.get(planned.name)!
    const values = criterion.score(await tensors.get(planned.name)!.read(), { observed: seen?.of(planned) ?? {}, seed: 1, place, grouping })
    const channels = new Array<number>(grouping.groups)
    values.forEach((value, index) => { channels[grouping.of[index]!] = value })
    // All weights of a channel have its score.
    values.forEach((value, index) => { assert.equal(value, channels[grouping.of[index]!]) })
    scores.set(planned.name, channels)
  }
  sight?.dispose()
  return { scores, refused }
}

describe('scores of channels', () => {
  let engine: Engine
  let model: ModelFile

  before(async () => {
    engine = await loadEngine()
    model = await readModel(bytesInMemory(file('channels.keras')))
  })

  for (const [criterion, tolerance] of [['fpgm', 1e-6], ['group-l1', 1e-6], ['group-l2', 1e-6], ['bn-scale', 0], ['apoz', 1e-6], ['mean-activation', 1e-5], ['taylor', 1e-3]] as const) {
    test(criterion, async () => {
      const before = engine.tf.memory().numTensors
      const { scores } = await scoresOf(engine, model, criterion)
      assert.equal(engine.tf.memory().numTensors, before)
      let compared = 0
      for (const [weight, of] of Object.entries(expected.scores)) {
        if (of[criterion] === undefined) continue
        const largest = Math.max(...of[criterion])
        of[criterion].forEach((score, channel) => {
          const found = scores.get(weight)![channel]!
          assert.ok(Math.abs(found - score) <= tolerance * largest, `${weight} ${channel}: ${found}, ${score} expected`)
          compared++
        })
      }
      assert.ok(compared >= 11)
    })
  }

  test('what has no scale, or no zeros to count, says so', async () => {
    const { refused: unscaled } = await scoresOf(engine, model, 'bn-scale')
    assert.deepEqual([...unscaled.keys()], ['own/kernel', 'transposed/kernel', 'separable/depthwise_kernel', 'separable/pointwise_kernel', 'units/kernel', 'units/recurrent_kernel'])
    assert.match(unscaled.get('own/kernel')!, /no batch normalisation with a scale follows this layer directly/)
    const { refused: without } = await scoresOf(engine, model, 'apoz')
    assert.match(without.get('depthwise/kernel')!, /the activation tanh that follows it gives no zeros to count/)
    assert.match(without.get('separable/pointwise_kernel')!, /the activation leaky_relu that follows it gives no zeros/)
    assert.match(without.get('separable/depthwise_kernel')!, /its channels stay within the layer/)
    assert.match(without.get('units/kernel')!, /the activation tanh/)
    assert.deepEqual([...(await scoresOf(engine, model, 'mean-activation')).refused.keys()], ['separable/depthwise_kernel'])
  })
})

describe('whole jobs', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(600) })
  after(async () => { await jobs.close() })

  test('the channels with the least scores go, and layers that have none stay', async () => {
    const { receipt } = await jobs.start('scales', 'test/fixtures/channels/channels.keras', { method: 'one-shot', criterion: 'bn-scale', target: { sparsity: 0.3 }, evaluation: false })
    assert.deepEqual((receipt.provenance.recipe as Recipe).granularity, { type: 'channel' })
    assert.match(receipt.layers.find(({ name }) => name === 'own')!.skipped!, /no batch normalisation/)
    const weights = await jobs.weights(`${jobs.home}/scales/model.keras`)
    const gone = (name: string, channels: number) => Array.from({ length: channels }, (_, channel) => channel).filter((channel) => weights.get(name)!.every((value, index) => index % channels !== channel || value === 0))
    // 120 + 48 weights of which 50 go: channel 2 of the first (20, scale 0.016), then channels of 4 by their scales: 8, 9, 6, 7, 5, 10, 3, ...
    assert.deepEqual([gone('behind/kernel', 6), gone('depthwise/kernel', 12)], [[2], [3, 5, 6, 7, 8, 9, 10]])
  })

  test('channels with most zeros go, none of the images looked at are reported', async () => {
    const { receipt } = await jobs.start('zeros', 'test/fixtures/models/lenet5.h5', { method: 'one-shot', criterion: 'apoz', target: { sparsity: 0.2 }, calibration: { examples: 200 }, evaluation: { latency: false } }, { dataset: jobs.dataset })
    assert.equal(receipt.calibration!.observed, 'share of zeros among the activations of every channel')
    assert.equal(receipt.evaluation!.examples, 120)
    assert.ok(receipt.layers.some(({ achieved }) => achieved > 0))
  })

  test('another granularity is refused with the right one', async () => {
    for (const criterion of ['bn-scale', 'fpgm', 'apoz', 'mean-activation', 'group-l1', 'group-l2']) {
      assert.throws(() => parseRecipe({ method: 'one-shot', criterion, granularity: { type: 'weight' }, target: { sparsity: 0.5 } }), { code: 'invalid-recipe', message: new RegExp(`/criterion "${criterion}" scores units of their own, not "weight": give "granularity": \\{"type": "channel"\\}, or leave it out`) })
    }
    assert.deepEqual(['fpgm', 'mean-activation', 'apoz'].map((criterion) => parseRecipe({ method: 'one-shot', criterion, target: { sparsity: 0.5 } }).scope), ['layer', 'layer', 'global'])
  })
})
