/** Recipes with shrink: whatever zeroes weights, channels that died whole leave the model, which predicts what it did with their zeros. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EspalierError } from '../../src/errors.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

const LENET = 'test/fixtures/models/lenet5.h5'
const RESNET = 'test/fixtures/models/resnet8.keras'
const EXAMPLES = 40
const CHANNEL = { granularity: { type: 'channel' } }
const TRAINING = { training: { epochs: 1, batchSize: 64, optimizer: { type: 'adam', learningRate: 0.002 } } }

describe('shrink', () => {
  let jobs: Jobs
  before(async () => { jobs = await createJobs(600) })
  after(async () => { await jobs.close() })

  async function run (name: string, file: string, recipe: object): Promise<{ receipt: Receipt, predictions: number[] }> {
    const { receipt } = await jobs.start(name, file, { evaluation: { latency: false, predictions: EXAMPLES }, ...recipe }, { dataset: jobs.dataset })
    const { outputs } = JSON.parse(await readFile(path.join(jobs.home, name, 'predictions.json'), 'utf8')) as { outputs: unknown }
    return { receipt, predictions: (outputs as unknown[]).flat(9) as number[] }
  }

  for (const [name, file, recipe] of [
    ['group-lasso', RESNET, { method: 'group-lasso', scope: 'layer', target: { sparsity: 0.5 }, ...TRAINING }],
    ['slimming', RESNET, { method: 'slimming', scope: 'layer', target: { sparsity: 0.5 }, ...TRAINING }],
    ['l0', LENET, { method: 'l0', ...CHANNEL, scope: 'layer', target: { sparsity: 0.5 }, ...TRAINING }],
    ['magnitude', LENET, { method: 'magnitude', ...CHANNEL, scope: 'layer', target: { sparsity: 0.5 }, output: ['keras', 'keras-h5', 'tfjs-layers'] }],
  ] as const) {
    test(`${name}: fewer multiplications, the same predictions`, async () => {
      const { receipt: masked, predictions: wanted } = await run(`${name}-masked`, file, recipe)
      const { receipt, predictions } = await run(name, file, { ...recipe, shrink: true })
      assert.ok(receipt.after.macs! < 0.9 * receipt.before.macs!, `${receipt.after.macs} of ${receipt.before.macs}`)
      assert.equal(masked.after.macs, receipt.before.macs)
      assert.ok(receipt.after.bytes < masked.after.bytes && receipt.after.weights < masked.after.weights)
      assert.deepEqual([receipt.layers, masked.structure], [masked.layers, undefined])
      assert.ok(receipt.after.prunableWeights < masked.after.prunableWeights)
      assert.ok(receipt.outputs.every(({ verified, maxDifference }) => verified && maxDifference! <= 1e-5))
      assert.ok(receipt.structure!.channels.after < receipt.structure!.channels.before)
      assert.equal(predictions.length, EXAMPLES * 10)
      const worst = predictions.reduce((most, one, index) => Math.max(most, Math.abs(one - wanted[index]!)), 0)
      assert.ok(worst <= 1e-5, `off by ${worst}`)
    })
  }

  test('what slimming takes leaves nothing behind: no channel stays but those of residuals', async () => {
    const { receipt } = await run('nothing-left', RESNET, { method: 'slimming', scope: 'layer', target: { sparsity: 0.5 }, ...TRAINING, shrink: true })
    const left = receipt.structure!.groups.filter(({ makers }) => makers.length === 1 && makers[0] !== 'dense_5')
    for (const { before, after } of left) assert.equal(after, before / 2)
    assert.ok(receipt.warnings.filter((warning) => warning.startsWith('shrink')).every((warning) => /coupled with live ones through add/.test(warning)), receipt.warnings.join('\n'))
  })

  test('a model that is shrunk is shrunk again when it was trained further', async () => {
    await run('once', LENET, { method: 'magnitude', ...CHANNEL, target: { sparsity: 0.4 }, output: ['keras'] })
    const { receipt } = await run('twice', path.join(jobs.home, 'once', 'model.keras'), { method: 'fine-tune', ...TRAINING, shrink: true })
    assert.ok(receipt.after.macs! < receipt.before.macs! && receipt.after.prunableWeights < receipt.before.prunableWeights)
  })

  test('zeros that lie scattered take nothing out, and the receipt says so', async () => {
    const { receipt } = await run('scattered', LENET, { method: 'magnitude', target: { sparsity: 0.5 }, shrink: true })
    assert.deepEqual([receipt.after.macs, receipt.structure], [receipt.before.macs, undefined])
    assert.ok(receipt.warnings.some((warning) => /no channel was taken out: none died whole/.test(warning)), receipt.warnings.join('\n'))
  })

  test('models that were streamed, or have no layer graph, are refused by name', async () => {
    const recipe = { method: 'magnitude', target: { sparsity: 0.5 }, shrink: true, evaluation: false }
    const refused = (code: string, words: RegExp) => (error: unknown) => error instanceof EspalierError && error.code === code && words.test(error.message)
    await assert.rejects(jobs.start('streamed', LENET, recipe, { limits: { sessionDataBytes: 2 ** 28, weightBytes: 1000 } }), refused('invalid-recipe', /"shrink" needs the weights in memory/))
    await assert.rejects(jobs.start('graphless', 'test/fixtures/safetensors/plain.safetensors', recipe), refused('unsupported-layer', /"shrink" takes channels out along the layer graph/))
  })
})
