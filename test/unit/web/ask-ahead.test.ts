/** What the first page asks is asked before its script is there, and only what that page will ask. */
import assert from 'node:assert/strict'
import { afterEach, describe, mock, test } from 'node:test'
import { askAhead } from '../../../src/web/app/ask-ahead.ts'
import { jobQuery, jobsQuery, metricsQuery } from '../../../src/web/api/jobs.ts'
import { createQueryClient } from '../../../src/web/api/query-client.ts'

/** Addresses that were asked for, and the cache. */
function askedBy (pathname: string, search = '', status = 200) {
  const fetched = mock.method(globalThis, 'fetch', async (address: string) => new Response(JSON.stringify({ address, items: [], next: null }), { status }))
  const client = createQueryClient()
  askAhead(client, { pathname, search })
  return { addresses: fetched.mock.calls.map(({ arguments: [address] }) => String(address)), client }
}

describe('asking ahead', () => {
  afterEach(() => { mock.restoreAll() })

  test('a run: its figures first, then itself, where the page looks for them', async () => {
    const { addresses, client } = askedBy('/jobs/job_1a')
    assert.deepEqual(addresses, ['/v1/jobs/job_1a/metrics?limit=2000&keep=extremes', '/v1/jobs/job_1a'])
    assert.equal((await client.ensureQueryData(jobQuery('job_1a')) as unknown as { address: string }).address, addresses[1])
    assert.equal((await client.ensureQueryData(metricsQuery('job_1a')) as unknown as { address: string }).address, addresses[0])
  })

  test('the list of all jobs, as the page without filters asks', async () => {
    for (const pathname of ['/', '/jobs']) {
      const { addresses, client } = askedBy(pathname)
      assert.deepEqual(addresses, ['/v1/jobs?limit=30'])
      assert.ok(client.getQueryState(jobsQuery({ state: undefined, model: undefined, sweep: undefined }).queryKey) !== undefined, 'the same question')
      mock.restoreAll()
    }
  })

  test('nothing for filters, other pages and addresses that no job has', () => {
    for (const [pathname, search] of [['/jobs', '?state=failed'], ['/models', ''], ['/jobs/%E0%A4%A', ''], ['/jobs/a/b', '']] as const) {
      assert.deepEqual(askedBy(pathname, search).addresses, [], pathname)
      mock.restoreAll()
    }
  })

  test('what is refused is not kept as an answer', async () => {
    const { client } = askedBy('/jobs/job_1a', '', 401)
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    assert.equal(client.getQueryData(jobQuery('job_1a').queryKey), undefined)
  })
})
