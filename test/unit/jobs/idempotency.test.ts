/** The wrapper around a request that must not be done twice, over a Catalog that says what it is told. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Catalog, IdempotencyResult, StoredAnswer } from '../../../src/jobs/ports.ts'
import { withIdempotency } from '../../../src/jobs/use-cases/idempotency.ts'

const REQUEST = { scope: 'tenant POST /v1/jobs', key: 'k', fingerprint: 'f' }
const ANSWER: StoredAnswer = { status: 202, headers: { location: '/v1/jobs/job_1' }, body: '{"id":"job_1"}' }

function catalogSaying (result: IdempotencyResult, calls: string[]): Catalog {
  return {
    reserveIdempotency: async () => result,
    completeIdempotency: async () => { calls.push('complete') },
    releaseIdempotency: async () => { calls.push('release') },
  } as Partial<Catalog> as Catalog
}

describe('withIdempotency', () => {
  test('the first request does the work and keeps the answer', async () => {
    const calls: string[] = []
    const answer = await withIdempotency(catalogSaying({ kind: 'fresh' }, calls), REQUEST, async () => { calls.push('work'); return ANSWER })
    assert.deepEqual(answer, { ...ANSWER, replayed: false })
    assert.deepEqual(calls, ['work', 'complete'])
  })

  test('a repetition gets the answer without the work', async () => {
    const calls: string[] = []
    const answer = await withIdempotency(catalogSaying({ kind: 'done', answer: ANSWER }, calls), REQUEST, async () => { calls.push('work'); return ANSWER })
    assert.deepEqual(answer, { ...ANSWER, replayed: true })
    assert.deepEqual(calls, [])
  })

  test('another request under the key, or one still being answered, is refused', async () => {
    const calls: string[] = []
    const work = async (): Promise<StoredAnswer> => { calls.push('work'); return ANSWER }
    await assert.rejects(withIdempotency(catalogSaying({ kind: 'mismatch' }, calls), REQUEST, work), { code: 'idempotency-mismatch' })
    await assert.rejects(withIdempotency(catalogSaying({ kind: 'running' }, calls), REQUEST, work), { code: 'still-running' })
    assert.deepEqual(calls, [])
  })

  test('work that throws frees the key', async () => {
    const calls: string[] = []
    await assert.rejects(withIdempotency(catalogSaying({ kind: 'fresh' }, calls), REQUEST, async () => { throw new Error('no') }), { message: 'no' })
    assert.deepEqual(calls, ['release'])
  })

  test('what cannot be noted while the database is away is noted when it is back, and nobody waits for it', async () => {
    for (const work of [async () => ANSWER, async (): Promise<StoredAnswer> => { throw new Error('no') }]) {
      const calls: string[] = []
      const catalog = catalogSaying({ kind: 'fresh' }, calls)
      let resolve!: (name: string) => void
      const noted = new Promise<string>((_resolve) => { resolve = _resolve })
      let tries = 0
      const note = (name: string) => async (): Promise<void> => {
        if (++tries < 3) throw new Error('the database is away')
        resolve(name)
      }
      const answered = withIdempotency({ ...catalog, completeIdempotency: note('complete'), releaseIdempotency: note('release') }, REQUEST, work)
      await answered.catch(() => {})
      assert.equal(tries, 1)
      const awake = setInterval(() => {}, 1000)
      assert.equal(await noted, calls.length === 0 && await answered.then(() => true, () => false) ? 'complete' : 'release')
      clearInterval(awake)
    }
  })
})
