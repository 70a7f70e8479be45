/** The record of a job's weights over HTTP: what it tells is what the files hold. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Job } from '../../src/jobs/resources.ts'
import type { WeightIndex } from '../../src/methods/weight-record/record.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { pathOf } from '../support/fixtures.ts'
import { openService, type TestService } from '../support/service.ts'

type Tensor = Omit<WeightIndex['tensors'][number], 'mask'> & { readonly mask: string | null }
interface Mask { readonly rows: number, readonly columns: number, readonly cellRows: number, readonly cellColumns: number, readonly down: number, readonly across: number, readonly shares: string }

describe('records of weights', () => {
  let service: TestService
  let model: string
  before(async () => {
    service = await openService()
    model = (await service.client.uploadModel(pathOf('examples/lenet5.keras'))).id
  })
  after(async () => { await service.close() })

  const get = async <T>(path: string): Promise<{ status: number, body: T }> => {
    const answer = await fetch(new URL(path, service.url))
    return { status: answer.status, body: await answer.json() as T }
  }
  const run = async (recipe: object, state = 'succeeded', dataset?: string): Promise<Job> => {
    const { id } = await service.client.createJob({ model, recipe, ...(dataset !== undefined && { dataset }) })
    const job = await service.client.waitForJob(id)
    assert.equal(job.state, state, JSON.stringify(job.error))
    return job
  }
  /** Values of the prunable tensors of a file, by name. */
  const valuesOf = async (path: string): Promise<Map<string, Float32Array>> => {
    const bytes = new Uint8Array(await (await fetch(new URL(path, service.url))).arrayBuffer())
    const { layers } = await readModel(bytesInMemory(bytes))
    const all = layers.flatMap(({ path: layer, weights }) => weights.filter(({ prunable }) => prunable).map(({ role, tensor }) => ({ name: `${layer}/${role}`, tensor })))
    return new Map(await Promise.all(all.map(async ({ name, tensor }): Promise<[string, Float32Array]> => [name, await tensor.read()])))
  }

  test('masks, counts and ends are those of the files', async () => {
    const { id, artifacts, receipt } = await run({ method: 'magnitude', target: { sparsity: 0.9 }, evaluation: false })
    const { body: { tensors, left } } = await get<{ tensors: Tensor[], left: number }>(`/v1/jobs/${id}/weights`)
    const [given, made] = [await valuesOf(`/v1/models/${model}/file`), await valuesOf(`/v1/jobs/${id}/artifacts/model.keras`)]
    assert.equal(left, 0)
    assert.deepEqual(tensors.map(({ name }) => name), [...given.keys()])
    for (const tensor of tensors) {
      const [before, after] = [given.get(tensor.name)!, made.get(tensor.name)!]
      const zeros = (values: Float32Array): number => values.filter((value) => value === 0).length
      assert.deepEqual([tensor.before.zeros, tensor.after.zeros, tensor.kept], [zeros(before), zeros(after), after.length - zeros(after)])
      assert.deepEqual([tensor.before.min, tensor.before.max], [before.reduce((a, b) => Math.min(a, b)), before.reduce((a, b) => Math.max(a, b))])
      assert.equal(tensor.histogram!.after.reduce((sum, count) => sum + count, 0), tensor.kept)
      assert.ok(tensor.largestZeroed! <= tensor.smallestKept!)
      // Windows of single weights, beside each other, are the whole mask. Keras' kernels lie as their matrices do.
      for (let row = 0; row < tensor.rows; row += 128) {
        const { body: { shares, ...window } } = await get<Mask>(`${tensor.mask}?row=${row}&rows=128&columns=200`)
        assert.deepEqual([window.cellRows, window.cellColumns, window.down, window.across], [1, 1, Math.min(128, tensor.rows - row), Math.min(200, tensor.columns)])
        const found = Buffer.from(shares, 'base64')
        for (let cell = 0; cell < found.length; cell++) {
          const [down, across] = [Math.floor(cell / window.across), cell % window.across]
          assert.equal(found[cell], after[(row + down) * tensor.columns + across] === 0 ? 0 : 255)
        }
      }
      const { body: whole } = await get<Mask>(tensor.mask!)
      assert.ok(whole.down <= 256 && whole.across <= 256 && whole.rows === tensor.rows && whole.columns === tensor.columns)
    }
    const usage = await get<{ used: { storedBytes: number } }>('/v1/me')
    const known = [...artifacts.map(({ bytes }) => bytes), (await get<{ bytes: number }>(`/v1/models/${model}`)).body.bytes].reduce((sum, bytes) => sum + bytes, 0)
    const record = usage.body.used.storedBytes - known
    assert.ok(record > 0 && record < 0.05 * receipt!.before.bytes, `${record} bytes beside ${receipt!.before.bytes}`)
  })

  test('of n:m each tensor tells the pattern, and every group of the mask has it', async () => {
    const { id } = await run({ method: 'one-shot', granularity: { type: 'n:m', n: 2, m: 4 }, evaluation: false })
    const { body: { tensors } } = await get<{ tensors: Tensor[] }>(`/v1/jobs/${id}/weights`)
    const dense = tensors.find(({ type }) => type === 'Dense')!
    assert.deepEqual(dense.pattern, { type: 'n:m', n: 2, m: 4 })
    const { body: { shares, across } } = await get<Mask>(`${dense.mask}?rows=64&columns=64`)
    const cells = Buffer.from(shares, 'base64')
    for (let row = 0; row < 64; row += 4) for (let column = 0; column < 64; column++) assert.equal([0, 1, 2, 3].filter((at) => cells[(row + at) * across + column] === 255).length, 2)
    assert.equal(tensors[0]!.pattern, undefined, 'a kernel of one input channel is left alone')
  })

  test('of channels that went: the columns of the makers, the rows of those behind them', async () => {
    const { id, receipt } = await run({ method: 'structured', target: { channels: 0.5 }, evaluation: false })
    const { body: { tensors } } = await get<{ tensors: Tensor[] }>(`/v1/jobs/${id}/weights`)
    for (const group of receipt!.structure!.groups.filter(({ before, after }) => after < before)) {
      const maker = tensors.find(({ layer }) => layer === group.name)!
      const gone = maker.gone!.columns.flatMap(([first, count]) => Array.from({ length: count }, (_, index) => first + index))
      assert.equal(maker.columns - gone.length, group.after)
      assert.equal(maker.madeShape!.at(-1), group.after)
      const { body: { shares } } = await get<Mask>(`${maker.mask}?cells=256&rows=1&columns=${maker.columns}&row=${maker.rows - 1}`)
      if (maker.columns <= 256) for (const column of gone) assert.equal(Buffer.from(shares, 'base64')[column], 0)
    }
    const [first, second] = tensors
    assert.equal(second!.gone!.rows, second!.positions * (first!.columns - first!.madeShape!.at(-1)!))
    assert.equal(second!.kept, second!.madeShape!.reduce((all, size) => all * size, 1) - second!.after.zeros)
  })

  test('jobs without one, and what is not there, say so', async () => {
    const { id: dataset } = await service.client.uploadDataset(pathOf('examples/fashion-mnist-test.zip'))
    const problem = async (path: string): Promise<[number, string | undefined]> => {
      const { status, body } = await get<{ code?: string }>(path)
      return [status, body.code]
    }
    const measured = await run({ method: 'evaluate', evaluation: { latency: false } }, 'succeeded', dataset)
    assert.deepEqual(await problem(`/v1/jobs/${measured.id}/weights`), [404, 'not-found'])
    const failed = await run({ method: 'threshold', target: { threshold: 1e-30 }, evaluation: false }, 'failed')
    assert.deepEqual(await problem(`/v1/jobs/${failed.id}/weights`), [409, 'conflict'])
    assert.deepEqual(await problem(`/v1/jobs/${failed.id}/weights/conv2d%2Fkernel/mask`), [409, 'conflict'])
    const { id } = await run({ method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false })
    assert.deepEqual(await problem(`/v1/jobs/${id}/weights/nothing/mask`), [404, 'not-found'])
    for (const query of ['row=25', 'row=-1', 'column=20', 'cells=0', 'cells=257', 'rows=0', 'row=1e99', 'rowz=1', 'column=2147483648']) {
      assert.deepEqual(await problem(`/v1/jobs/${id}/weights/conv2d%2Fkernel/mask?${query}`), [400, 'invalid-request'], query)
    }
    assert.deepEqual(await problem(`/v1/jobs/${id}/weights/conv2d%2Fkernel/mask?row=24&rows=2147483647`), [200, undefined])
  })
})
