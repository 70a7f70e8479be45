/** The API of sweeps: submitting, reading as JSON and CSV, cancelling, deleting. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Value } from 'typebox/value'
import { Sweep, type Sweep as SweepView } from '../../src/jobs/sweeps/resource.ts'
import { closeEndedSweeps } from '../../src/jobs/use-cases/close-sweep.ts'
import { DATASET, MODEL, newFile, RECEIPT } from '../contract/samples.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { openHarness, type Harness } from './http-harness.ts'

const RECIPE = { method: 'magnitude' }
const GRID = { 'target.sparsity': [0.5, 0.8], criterion: ['magnitude', 'l2'] }

describe('/v1/sweeps', () => {
  let harness: Harness, model: string, dataset: string
  before(async () => {
    harness = await openHarness()
    model = (await harness.catalog.of(FIRST_TENANT).createModel(newFile('m'), MODEL)).id
    dataset = (await harness.catalog.of(FIRST_TENANT).createDataset(newFile('d'), DATASET)).id
  })
  after(async () => { await harness.close() })

  const get = async (url: string, headers = {}) => await harness.app.inject({ url, headers })
  const post = async (url: string, payload?: object, headers = {}) => await harness.app.inject({ method: 'POST', url, headers, ...(payload !== undefined && { payload }) })
  const submit = async (body: object): Promise<SweepView> => {
    const answer = await post('/v1/sweeps', { model, dataset, ...body })
    assert.equal(answer.statusCode, 202, answer.body)
    return answer.json()
  }
  /** Ends the job as a worker does. */
  async function finish (job: string, accuracy: number, bytes: number): Promise<void> {
    await harness.catalog.begin(job, 1, 'w')
    const measured = { ...RECEIPT.after, metrics: { accuracy, loss: 0.25 }, bytes, macs: 7, latencyMs: { p50: 0.5, p95: 0.6, batch: 1, runs: 9 } }
    await harness.catalog.succeed(job, 1, { ...RECEIPT, before: { ...measured, metrics: { accuracy: 0.9, loss: 0.1 }, bytes: 1000 }, after: measured }, [])
  }

  test('a grid is taken: 202, all jobs queued, each with its values', async () => {
    const answer = await post('/v1/sweeps', { model, dataset, name: 'first', recipe: RECIPE, grid: GRID, pick: 'knee' })
    const sweep: SweepView = answer.json()
    assert.deepEqual([answer.statusCode, answer.headers.location], [202, `/v1/sweeps/${sweep.id}`])
    assert.ok(Value.Check(Sweep, sweep), JSON.stringify([...Value.Errors(Sweep, sweep)]))
    assert.deepEqual([sweep.state, sweep.name, sweep.counts, sweep.progress, sweep.picked, sweep.request.pick], ['running', 'first', { queued: 4 }, { done: 0, total: 4 }, null, { knee: 'bytes' }])
    assert.deepEqual(sweep.points.map(({ values, place }) => [place, values['target.sparsity'], values['criterion']]), [[0, 0.5, 'magnitude'], [1, 0.5, 'l2'], [2, 0.8, 'magnitude'], [3, 0.8, 'l2']])
    for (const { job } of sweep.points) assert.ok(await harness.queue.isLive({ jobId: job, attempt: 1 }))
    const first = (await get(`/v1/jobs/${sweep.points[0]!.job}`)).json()
    assert.deepEqual([first.sweep, first.model, first.dataset, first.recipe.target], [sweep.id, model, dataset, { sparsity: 0.5 }])
    assert.equal((await get(`/v1/jobs?sweep=${sweep.id}&state=queued`)).json().items.length, 4)
    assert.deepEqual((await get(`/v1/sweeps/${sweep.id}`)).json(), sweep)
  })

  test('what is wrong is named, and nothing is made', async () => {
    const total = async () => (await get('/v1/jobs?limit=100')).json().items.length
    const before = await total()
    const cases: Array<[object, number, string, RegExp]> = [
      [{ model, recipes: [{ ...RECIPE, target: { sparsity: 0.5 } }, { ...RECIPE, target: { sparsty: 0.5 } }] }, 422, 'invalid-recipe', /^recipes\[1\]: \/recipes\/1\/target\/sparsty unknown key "sparsty": did you mean "sparsity"/],
      [{ model, recipe: RECIPE, grid: { 'target.sparsity': [0.5, 7] } }, 422, 'invalid-recipe', /^grid point \{"target.sparsity":7\}: \/recipe\/target\/sparsity/],
      [{ model, recipe: RECIPE }, 400, 'invalid-request', /\/grid is needed/],
      [{ model, recipe: RECIPE, grid: { 'target.sparsity': 0.5 } }, 400, 'invalid-request', /\/grid\/target.sparsity must be array/],
      [{ model, recipe: RECIPE, grid: GRID, pick: 'best' }, 400, 'invalid-request', /\/pick must be "knee"/],
      [{ model, recipe: RECIPE, grid: GRID, gird: 1 }, 400, 'invalid-request', /\/gird unknown key "gird": did you mean "grid"/],
      [{ recipe: RECIPE, grid: GRID }, 400, 'invalid-request', /\/model is needed/],
      [{ model: 'mdl_none', recipe: RECIPE, grid: GRID }, 404, 'not-found', /there is no model mdl_none/],
      [{ model, recipe: { method: 'one-shot', target: { sparsity: 0.5 } }, grid: { criterion: ['magnitude', 'wanda'] } }, 400, 'invalid-request', /^grid point \{"criterion":"wanda"\}: the criterion wanda looks at calibration data/],
    ]
    for (const [body, status, code, detail] of cases) {
      const answer = await post('/v1/sweeps', body)
      assert.deepEqual([answer.statusCode, answer.json().code], [status, code], answer.body)
      assert.match(answer.json().detail, detail)
    }
    assert.equal(await total(), before)
  })

  test('the same Idempotency-Key makes one sweep', async () => {
    const body = { model, recipes: [{ ...RECIPE, target: { sparsity: 0.3 } }] }
    const [first, again] = [await post('/v1/sweeps', body, { 'idempotency-key': 'sweep' }), await post('/v1/sweeps', body, { 'idempotency-key': 'sweep' })]
    assert.deepEqual([again.body, again.headers['idempotency-replayed']], [first.body, 'true'])
    assert.equal((await post('/v1/sweeps', { ...body, pick: 'knee' }, { 'idempotency-key': 'sweep' })).json().code, 'idempotency-mismatch')
  })

  test('to its end: wait, Pareto sets, the point that was picked, the table', async () => {
    const { id, points: [a, b, c, d] } = await submit({ recipe: RECIPE, grid: GRID, pick: { smallest: 'bytes', maxAccuracyDrop: 0.02 } })
    assert.equal((await get(`/v1/sweeps/${id}?wait=0.2`)).json().state, 'running')
    const waiting = get(`/v1/sweeps/${id}?wait=20`)
    await finish(a!.job, 0.89, 400)
    await finish(b!.job, 0.88, 500)
    const partly: SweepView = (await get(`/v1/sweeps/${id}`)).json()
    assert.deepEqual([partly.state, partly.counts, partly.pareto!.bytes, partly.picked], ['running', { succeeded: 2, queued: 2 }, [a!.job], null])
    await finish(c!.job, 0.7, 200)
    await harness.catalog.fail(d!.job, 1, { code: 'target-missed', message: 'too much' })
    await sleep(50)
    assert.deepEqual(await closeEndedSweeps(harness.catalog), [id])
    const sweep: SweepView = (await waiting).json()
    assert.ok(Value.Check(Sweep, sweep), JSON.stringify([...Value.Errors(Sweep, sweep)]))
    assert.deepEqual([sweep.state, sweep.progress, sweep.metric], ['finished', { done: 4, total: 4 }, { name: 'accuracy', better: 'higher' }])
    assert.deepEqual(sweep.pareto, { bytes: [a!.job, c!.job], macs: [a!.job], latency: [a!.job], all: [a!.job, c!.job] })
    assert.equal(sweep.picked!.job, a!.job)
    assert.match(sweep.picked!.because, /the least bytes, 400, of 2 points whose accuracy falls by at most 0\.02: 0\.89 of 0\.9/)
    assert.deepEqual(sweep.points[0]!.after, { metric: 0.89, loss: 0.25, bytes: 400, gzipBytes: 90, nonzeros: 3, weights: 10, macs: 7, latencyMs: 0.5 })
    assert.deepEqual([sweep.points[3]!.state, sweep.points[3]!.error, sweep.points[3]!.after], ['failed', { code: 'target-missed', message: 'too much' }, null])

    const listed = (await get('/v1/sweeps?state=finished')).json().items
    assert.deepEqual(listed.map((item: SweepView) => [item.id, item.picked!.job, 'points' in item]), [[id, a!.job, false]])

    const csv = await get(`/v1/sweeps/${id}`, { accept: 'text/csv' })
    assert.match(String(csv.headers['content-type']), /^text\/csv/)
    const [header, first, , , failed] = csv.body.split('\r\n')
    assert.match(header!, /^place,job,state,values\.target\.sparsity,values\.criterion,before\.metric,.*,after\.metric,.*,pareto\.bytes,pareto\.macs,pareto\.latency,pareto\.all,picked,error$/)
    assert.equal(first, `0,${a!.job},succeeded,0.5,magnitude,0.9,0.1,1000,90,3,10,7,0.5,0.89,0.25,400,90,3,10,7,0.5,true,true,true,true,true,`)
    assert.equal(failed, `3,${d!.job},failed,0.8,l2,,,,,,,,,,,,,,,,,false,false,false,false,false,target-missed`)
    assert.equal((await get(`/v1/sweeps/${id}?format=csv`)).body, csv.body)

    const retried = await post(`/v1/jobs/${d!.job}/retry`)
    assert.equal(retried.statusCode, 202)
    const reopened: SweepView = (await get(`/v1/sweeps/${id}`)).json()
    assert.deepEqual([reopened.state, reopened.picked, reopened.counts], ['running', null, { succeeded: 3, queued: 1 }])
  })

  test('cancel and delete', async () => {
    const { id, points } = await submit({ recipe: RECIPE, grid: GRID })
    assert.equal((await harness.app.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` })).json().code, 'conflict')
    const cancelled = await post(`/v1/sweeps/${id}/cancel`)
    assert.deepEqual([cancelled.statusCode, cancelled.json().state, cancelled.json().counts], [202, 'cancelling', { cancelled: 4 }])
    await closeEndedSweeps(harness.catalog)
    assert.equal((await get(`/v1/sweeps/${id}`)).json().state, 'cancelled')
    assert.equal((await post(`/v1/sweeps/${id}/cancel`)).json().code, 'conflict')
    assert.match((await harness.app.inject({ method: 'DELETE', url: `/v1/jobs/${points[0]!.job}` })).json().detail, new RegExp(`point of ${id}`))
    assert.equal((await harness.app.inject({ method: 'DELETE', url: `/v1/sweeps/${id}` })).statusCode, 204)
    assert.deepEqual([(await get(`/v1/sweeps/${id}`)).statusCode, (await get(`/v1/jobs/${points[0]!.job}`)).statusCode], [404, 404])
    assert.equal((await post('/v1/sweeps/swp_none/cancel')).json().code, 'not-found')
    assert.equal((await harness.app.inject({ method: 'DELETE', url: '/v1/sweeps/swp_none' })).json().code, 'not-found')
  })

  test('pages', async () => {
    const all = (await get('/v1/sweeps?limit=100')).json().items.map(({ id }: SweepView) => id)
    const page = (await get('/v1/sweeps?limit=2')).json()
    const next = (await get(`/v1/sweeps?limit=2&cursor=${page.next}`)).json()
    assert.deepEqual([...page.items, ...next.items].map(({ id }: SweepView) => id), all.slice(0, 4))
  })
})
