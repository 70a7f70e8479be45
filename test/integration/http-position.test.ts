/** GET /v1/jobs/{id}/position over real Postgres and Valkey: what it tells is the order in which a worker is given the jobs. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { createConsumer } from '../../src/infra/valkey/consumer.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import type { QueuePosition } from '../../src/jobs/queue-position.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { MODEL, newFile, RECIPE } from '../contract/samples.ts'
import { freshPrefix } from '../support/queue.ts'
import { openHarness, type Harness } from './http-harness.ts'

describe('the place of a job in its queue', () => {
  let harness: Harness
  let admin: pg.Client
  const { url, prefix } = freshPrefix()
  const queue = createQueue(url, { prefix })
  before(async () => {
    harness = await openHarness({ queue })
    admin = new pg.Client({ connectionString: harness.databaseUrl })
    await admin.connect()
  })
  after(async () => {
    await admin.end()
    await harness.close()
    await queue.close()
  })

  const submit = async (tenant: string, changes: object = {}): Promise<string> => {
    const mine = harness.catalog.of(tenant)
    const { id: modelId } = await mine.createModel(newFile('m'), MODEL)
    return (await mine.createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE, ...changes })).id
  }
  const placeOf = async (id: string): Promise<QueuePosition> => (await harness.app.inject(`/v1/jobs/${id}/position`)).json()
  const positionIn = async (tenant: string, id: string): Promise<number | null | undefined> => (await harness.catalog.of(tenant).position(id))?.position

  test('positions are the order in which a worker is given the jobs: by priority, then as they were queued, a retried one anew', async () => {
    const { id: model } = await harness.catalog.of(FIRST_TENANT).createModel(newFile('m'), MODEL)
    const post = async (path: string, payload?: object) => (await harness.app.inject({ method: 'POST', url: `/v1/jobs${path}`, ...(payload && { payload }) })).json<{ id: string }>()
    const ids: string[] = []
    for (const priority of [0, 5, 0, 9, 5, 0]) ids.push((await post('', { model, recipe: RECIPE, priority })).id)
    await post(`/${ids[0]}/cancel`)
    assert.deepEqual(await placeOf(ids[0]!), { job: ids[0], state: 'cancelled', queue: 'default', position: null, held: false })
    await post(`/${ids[0]}/retry`)
    const places = await Promise.all(ids.map(placeOf))
    assert.deepEqual(places.map(({ position }) => position), [5, 1, 3, 0, 2, 4])
    assert.deepEqual(places[0], { job: ids[0], state: 'queued', queue: 'default', position: 5, held: false })
    const given: string[] = []
    const consumer = createConsumer(url, { prefix, concurrency: 1, lockMs: 5000, workerName: 'w' })
    await new Promise<void>((resolve) => {
      void consumer.start(async ({ jobId }) => { if (given.push(jobId) === ids.length) resolve() })
    })
    await consumer.close()
    assert.deepEqual(given, [...ids].sort((a, b) => places[ids.indexOf(a)]!.position! - places[ids.indexOf(b)]!.position!))
    for (const id of ids) await harness.catalog.begin(id, id === ids[0] ? 2 : 1, 'w')
    assert.deepEqual((await Promise.all(ids.map(placeOf))).map(({ position, state }) => [position, state]), ids.map(() => [null, 'running']))
    assert.equal((await harness.app.inject('/v1/jobs/job_none/position')).json().code, 'not-found')
  })

  test('other queues do not count, and of a tenant only what it may run besides what it runs', async () => {
    const tenant = async (name: string, quotas: object): Promise<string> => (await harness.catalog.createTenant(name, quotas)).tenant.id
    const [limited, free] = [await tenant('limited', { runningJobs: 2 }), await tenant('free', { runningJobs: null })]
    const first = await submit(limited)
    await harness.catalog.begin(first, 1, 'w')
    const own = [await submit(limited), await submit(limited), await submit(limited)]
    await submit(free, { queue: 'gpu' })
    const mine = await submit(free)
    assert.equal(await positionIn(free, mine), 1, 'one of three has room beside the one that runs')
    assert.deepEqual(await Promise.all(own.map(async (id) => await positionIn(limited, id))), [0, 1, 2], 'of its own all come before')
    assert.equal((await harness.catalog.of(limited).position(own[0]!))?.held, false)
    await harness.catalog.begin(own[0]!, 1, 'w')
    assert.equal(await positionIn(free, mine), 0)
    assert.deepEqual(await harness.catalog.of(limited).position(own[1]!), { job: own[1], state: 'queued', queue: 'default', position: 0, held: true })
    await harness.catalog.changeTenant(limited, { quotas: {} })
    assert.equal(await positionIn(free, mine), 2)
    assert.equal(await positionIn(free, own[1]!), undefined, 'of another tenant there is none')
  })

  test('with 5,000 queued jobs it reads the index of queued ones, not the table', async () => {
    const many = async (state: string, count: number): Promise<unknown> => await admin.query(`
      INSERT INTO jobs (id, tenant_id, model_id, recipe, progress, state, updated_at)
      SELECT 'job_${state}_' || to_char(n, 'FM00000'), '${FIRST_TENANT}', 'mdl_x', '{}', '{}', '${state}', now() + n * interval '1 millisecond' FROM generate_series(1, ${count}) AS n`)
    await many('succeeded', 20_000)
    await many('queued', 5000)
    await admin.query('VACUUM ANALYZE jobs')
    const { position } = await placeOf('job_queued_05000')
    assert.ok(position !== null && position >= 4999, String(position))
    const plan = (await admin.query("EXPLAIN SELECT tenant_id FROM jobs WHERE state = 'queued' AND queue = 'default' AND priority = 0 AND (updated_at, id) < (now() + interval '1 hour', 'job_x')")).rows.map((row) => Object.values(row as object).join()).join('\n')
    assert.match(plan, /Index Only Scan using jobs_queued_idx/)
  })
})
