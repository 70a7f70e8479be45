/** What a worker does with entries: joins an attempt that runs already, cancels by job, gives up when it closes. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import type { QueueEntry } from '../../../src/jobs/ports.ts'
import { repeat } from '../../../src/worker/repeat.ts'
import { createWork } from '../../../src/worker/work.ts'

const ENTRY: QueueEntry = { jobId: 'job_1', attempt: 1 }

function untilAborted (signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { if (signal.reason instanceof Error) reject(signal.reason) }) })
}

describe('work', () => {
  test('an attempt that is running is joined, another attempt is not', async () => {
    const begun: QueueEntry[] = []
    const end: Array<() => void> = []
    const work = createWork(async (entry) => { begun.push(entry); await new Promise<void>((resolve) => end.push(resolve)); return 'succeeded' })
    const first = work.take(ENTRY)
    const again = work.take(ENTRY)
    const second = work.take({ ...ENTRY, attempt: 2 })
    assert.deepEqual(begun.map(({ attempt }) => attempt), [1, 2])
    let joined = false
    void again.then(() => { joined = true })
    await sleep(5)
    assert.equal(joined, false)
    for (const resolve of end) resolve()
    assert.deepEqual(await Promise.all([first, again, second]), ['succeeded', 'succeeded', 'succeeded'])
    assert.deepEqual(work.jobs(), [])
  })

  test('cancel aborts the job named and no other', async () => {
    const work = createWork(async (_entry, { signal }) => await untilAborted(signal))
    const cancelled = work.take(ENTRY)
    const other = work.take({ jobId: 'job_2', attempt: 1 })
    work.wish('cancel', 'job_1')
    await assert.rejects(cancelled, { code: 'job-cancelled' })
    assert.deepEqual(work.jobs(), ['job_2'])
    work.abandon()
    await assert.rejects(other, { code: 'unavailable' })
  })

  test('a pause is passed on and stops nothing by itself', async () => {
    const told: string[] = []
    const end: Array<() => void> = []
    const work = createWork(async ({ jobId }, { signal, pause }) => {
      pause.addEventListener('abort', () => told.push(`${jobId} ${signal.aborted}`))
      await new Promise<void>((resolve) => end.push(resolve))
      return 'paused'
    })
    const taken = [work.take(ENTRY), work.take({ jobId: 'job_2', attempt: 1 })]
    work.wish('pause', 'job_1')
    work.wish('pause', 'job_3')
    assert.deepEqual([told, work.jobs()], [['job_1 false'], ['job_1', 'job_2']])
    for (const resolve of end) resolve()
    await Promise.all(taken)
  })

  test('draining is told to all that runs and to all that is still taken', async () => {
    const told: string[] = []
    const work = createWork(async ({ jobId }, { signal, pause, drain }) => {
      if (!drain.aborted) await new Promise((resolve) => { drain.addEventListener('abort', resolve) })
      told.push(`${jobId} ${signal.aborted} ${pause.aborted}`)
      return 'again'
    })
    const taken = [work.take(ENTRY), work.take({ jobId: 'job_2', attempt: 1 })]
    work.drain()
    assert.deepEqual(await Promise.all([...taken, work.take({ jobId: 'job_3', attempt: 1 })]), ['again', 'again', 'again'])
    assert.deepEqual(told.sort(), ['job_1 false false', 'job_2 false false', 'job_3 false false'])
  })

  test('a rejection reaches the queue, so that the entry is given again', async () => {
    const work = createWork(async () => { throw new EspalierError('unavailable', 'Postgres does not answer') })
    await assert.rejects(work.take(ENTRY), { code: 'unavailable' })
    await assert.rejects(work.take(ENTRY), { code: 'unavailable' })
  })
})

test('repeated work never overlaps, survives failures and stops', async () => {
  let running = 0; let most = 0; let calls = 0
  const troubles: unknown[] = []
  const repeated = repeat(2, async () => {
    most = Math.max(most, ++running)
    calls++
    await sleep(6)
    running--
    if (calls === 1) throw new Error('once')
  }, (error) => troubles.push(error))
  while (calls < 3) await sleep(2)
  await repeated.stop()
  assert.equal(running, 0)
  const seen = calls
  await sleep(20)
  assert.deepEqual([most, calls, troubles.length], [1, seen, 1])
})
