/** What a job asks of queue and worker, over the API, and the lists of workers and queues. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { form, openHarness, type Harness, type TestPart } from './http-harness.ts'

const RECIPE = { method: 'magnitude', target: { sparsity: 0.9 } }

describe('queues, needs, priorities and limits', () => {
  let harness: Harness
  let model: string
  before(async () => {
    harness = await openHarness({ limits: { uploadBytes: 1 << 20, job: { timeSeconds: 600, memoryMb: 4096, largeMb: 1024 } } })
    model = (await send('/v1/models', { name: 'file', filename: 'm.keras', value: 'model' })).json().id
  })
  after(async () => await harness.close())

  const send = async (url: string, ...parts: TestPart[]) => await harness.app.inject({ method: 'POST', url, ...form(...parts) })
  const post = async (payload: object) => await harness.app.inject({ method: 'POST', url: '/v1/jobs', payload })
  const get = async (url: string) => (await harness.app.inject({ url })).json()

  test('JSON and form say the same, and the job tells it', async () => {
    const asked = { priority: 7, needs: { device: 'gpu', memoryMb: 2000 }, limits: { timeSeconds: 60, memoryMb: 4096 } }
    const asJson = await post({ model, recipe: RECIPE, ...asked })
    const asForm = await send('/v1/jobs', { name: 'model', value: model }, { name: 'recipe', value: JSON.stringify(RECIPE) }, ...Object.entries(asked).map(([name, value]) => ({ name, value: JSON.stringify(value) })))
    const typed = await send('/v1/jobs', { name: 'limits', value: JSON.stringify(asked.limits), type: 'application/json' }, { name: 'model', value: model }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    for (const answer of [asJson, asForm, typed]) assert.equal(answer.statusCode, 202, answer.body)
    for (const answer of [asJson, asForm]) {
      const job = await get(`/v1/jobs/${answer.json().id}`)
      assert.deepEqual({ priority: job.priority, needs: job.needs, limits: job.limits }, asked)
      assert.deepEqual([job.queue, job.waitingFor], ['gpu', 'no worker of the queue gpu is running'])
    }
    assert.deepEqual(typed.json().limits, asked.limits)
    const plain = (await post({ model, recipe: RECIPE })).json()
    assert.deepEqual([plain.queue, plain.priority, plain.limits, plain.waitingFor], ['default', 0, {}, 'no worker of the queue default is running'])
    const large = (await post({ model, recipe: RECIPE, needs: { memoryMb: 1025 } })).json()
    assert.equal(large.queue, 'large')
    assert.deepEqual(await harness.queue.countsByQueue().then(({ gpu, large }) => [gpu.waiting, large.waiting]), [2, 1])
  })

  test('what is more than the service allows, or is no such thing, is named with its place', async () => {
    const cases: Array<[object, RegExp]> = [
      [{ priority: 10 }, /\/priority/],
      [{ priority: 1.5 }, /\/priority/],
      [{ needs: { device: 'tpu' } }, /\/needs\/device must be one of cpu, gpu/],
      [{ needs: { memory: 5 } }, /\/needs\/memory unknown key "memory": did you mean "memoryMb"/],
      [{ needs: { memoryMb: 4097 } }, /\/needs\/memoryMb is 4097; the service allows 4096 at most/],
      [{ limits: { timeSeconds: 601 } }, /\/limits\/timeSeconds is 601; the service allows 600 at most/],
      [{ limits: { memoryMb: 100 } }, /\/limits\/memoryMb/],
      [{ limits: { memoryMb: 1000 }, needs: { memoryMb: 1001 } }, /more than the limit of 1000/],
    ]
    for (const [asked, detail] of cases) {
      const answer = await post({ model, recipe: RECIPE, ...asked })
      assert.equal(answer.statusCode, 400, answer.body)
      assert.equal(answer.json().code, 'invalid-request')
      assert.match(answer.json().detail, detail)
    }
    const broken = await send('/v1/jobs', { name: 'needs', value: '{"device":' }, { name: 'model', value: model }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    assert.match(broken.json().detail, /part "needs": is not valid JSON/)
    const wrong = await send('/v1/jobs', { name: 'priority', value: '"high"' }, { name: 'model', value: model }, { name: 'recipe', value: JSON.stringify(RECIPE) })
    assert.match(wrong.json().detail, /part "priority"/)
  })

  test('workers and queues', async () => {
    const facts = { name: 'h:7', host: 'h', pid: 7, version: '0.1.0', state: 'ready', device: { kind: 'gpu', name: 'A100' }, memoryBytes: 2 ** 31, cpus: 8, concurrency: 2 } as const
    const { id } = (await post({ model, recipe: RECIPE })).json()
    await harness.catalog.beat({ ...facts, id: 'wrk_a', queues: ['gpu', 'default'], jobs: [id, 'job_of_others'] })
    const { items: [worker] } = await get('/v1/workers')
    const { startedAt, seenAt, ...told } = worker
    assert.ok(Date.parse(startedAt) <= Date.parse(seenAt))
    assert.deepEqual(told, { ...facts, id: 'wrk_a', queues: ['gpu', 'default'], running: 2, jobs: [id] })
    const queues = (await get('/v1/queues')).items as Array<{ name: string, jobs: number, waiting: number, oldestWaitSeconds: number, workers: number, slots: number }>
    assert.deepEqual(queues.map(({ name, workers, slots }) => [name, workers, slots]), [['default', 1, 2], ['large', 0, 0], ['gpu', 1, 2]])
    const gpu = queues[2]!
    assert.ok(gpu.waiting === 2 && gpu.jobs === 2 && gpu.oldestWaitSeconds > 0)
    assert.equal((await get(`/v1/jobs/${id}`)).waitingFor, undefined)
  })
})
