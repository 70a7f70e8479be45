/** The figures of a training run over the API: as JSON and CSV, by name and pattern, thinned, only what is new. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { newJob } from '../contract/samples.ts'
import { openHarness, type Harness } from './http-harness.ts'

interface Answer { job: string, lastStep: number | null, next: number, thinned: boolean, series: Record<string, Array<[number, number, number]>> }

describe('figures of training over the API', () => {
  let harness: Harness
  let id: string
  before(async () => {
    harness = await openHarness()
    ;({ id } = await newJob(harness.catalog))
  })
  after(async () => await harness.close())
  const ask = async (query = '', headers: Record<string, string> = {}) => await harness.app.inject({ url: `/v1/jobs/${id}/metrics${query}`, headers })
  const series = async (query: string): Promise<string[]> => Object.keys((await ask(query)).json<Answer>().series)

  test('a job without figures has none, a job that is not there is not found', async () => {
    assert.deepEqual((await ask()).json(), { job: id, lastStep: null, next: -1, thinned: false, series: {} })
    assert.equal((await harness.app.inject('/v1/jobs/job_none/metrics')).json().code, 'not-found')
  })

  test('series by name, each point with step, value and epoch', async () => {
    await harness.catalog.begin(id, 1, 'test')
    const points = Array.from({ length: 100 }, (_, index) => ({ step: index + 1, epoch: index < 50 ? 1 : 2, values: { loss: 1 / (index + 1), 'sparsity/conv2d/kernel': index / 100, 'sparsity/dense/kernel': 0 } }))
    points[49] = { ...points[49]!, values: { ...points[49]!.values, ...{ val_loss: 2, val_accuracy: 0.5 } } }
    assert.ok(await harness.catalog.metrics(id, 1, { from: 0, points }))
    const all = (await ask()).json<Answer>()
    assert.deepEqual([all.job, all.lastStep, all.thinned], [id, 100, false])
    assert.deepEqual(all.series['val_loss'], [[50, 2, 1]])
    assert.deepEqual(all.series['loss']?.slice(49, 51), [[50, 1 / 50, 1], [51, 1 / 51, 2]])
  })

  test('patterns choose series, given several times or with commas', async () => {
    assert.deepEqual(await series('?series=val_*'), ['val_accuracy', 'val_loss'])
    assert.deepEqual(await series('?series=sparsity/**'), ['sparsity/conv2d/kernel', 'sparsity/dense/kernel'])
    assert.deepEqual(await series('?series=sparsity/*'), [])
    assert.deepEqual(await series('?series=loss,val_loss'), ['loss', 'val_loss'])
    assert.deepEqual(await series('?series=loss&series=sparsity/dense/kernel'), ['loss', 'sparsity/dense/kernel'])
    assert.deepEqual((await ask('?series=val_loss')).json<Answer>().lastStep, 50)
  })

  test('only what is new, and thinned', async () => {
    assert.deepEqual((await ask('?series=loss&after=98')).json<Answer>().series['loss']?.map(([step]) => step), [99, 100])
    const next = (await ask('?series=loss')).json<Answer>().next
    assert.deepEqual((await ask(`?series=loss&after=${next}`)).json<Answer>().series['loss']?.map(([step]) => step), [100], 'the newest step again')
    const none = (await ask('?after=100')).json<Answer>()
    assert.deepEqual([none.lastStep, none.series['loss']], [100, []])
    const thin = (await ask('?series=loss&limit=4')).json<Answer>()
    assert.equal(thin.thinned, true)
    assert.deepEqual(thin.series['loss']?.map(([step]) => step), [1, 34, 67, 100])
  })

  test('the same as CSV', async () => {
    const named = await ask('?series=val_loss&format=csv')
    assert.match(named.body, /^series,step,epoch,value,at\r\nval_loss,50,1,2,\d{4}-\d\d-\d\dT[\d:.]+Z\r\n$/)
    assert.match(String(named.headers['content-type']), /^text\/csv/)
    assert.equal((await ask('?series=val_loss', { accept: 'text/csv' })).body, named.body)
    assert.equal((await ask('?series=val_loss&format=json', { accept: 'text/csv' })).json<Answer>().lastStep, 50)
  })

  test('what is wrong is named', async () => {
    for (const [query, detail] of [['?limit=1', /limit/], ['?limit=many', /limit/], ['?after=-2', /after/], ['?after=1e10', /after/], ['?serie=loss', /did you mean "series"/], ['?format=xml', /json, csv/], [`?series=${'a,'.repeat(20)}`, /at most 20/], [`?series=${'a'.repeat(2001)}`, /2000 letters/]] as const) {
      const answer = await ask(query)
      assert.equal(answer.statusCode, 400, query)
      assert.match(answer.json().detail, detail)
    }
  })
})
