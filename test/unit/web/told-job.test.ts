/** What a run's stream changes in what is known of the run: over is only what its end has told of. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hasEnded } from '../../../src/web/format/states.ts'
import { toldJob } from '../../../src/web/api/told-job.ts'
import type { Job } from '../../../src/web/api/types.ts'

type Known = Pick<Job, 'state' | 'progress'>
const PROGRESS = { stage: 'training', done: 3, total: 10, share: 0.3 } as unknown as Job['progress']

describe('messages of a run', () => {
  test('the last state is told before the newest figures, and believed at the end', () => {
    // In the order in which the server tells the end of a run.
    const messages = [
      { event: 'state', data: { job: 'job_1', state: 'running', attempt: 1 } },
      { event: 'progress', data: { job: 'job_1', attempt: 1, ...PROGRESS } },
      { event: 'state', data: { job: 'job_1', state: 'succeeded', attempt: 1 } },
      { event: 'metrics', data: { job: 'job_1', after: 9, series: {}, thinned: false } },
      { event: 'receipt', data: { job: 'job_1', artifacts: [] } },
      { event: 'end', data: { job: 'job_1', state: 'succeeded', attempt: 1 } },
    ]
    let job: Known = { state: 'queued', progress: { ...PROGRESS, done: 0 } }
    const states = messages.map((message) => {
      job = toldJob(job, message)
      return job.state
    })
    assert.deepEqual(states, ['running', 'running', 'running', 'running', 'running', 'succeeded'])
    assert.deepEqual(job.progress, PROGRESS)
    assert.equal(states.findIndex(hasEnded), messages.findIndex(({ event }) => event === 'end'))
  })

  test('what changes nothing gives the very same job', () => {
    const job: Known = { state: 'running', progress: PROGRESS }
    for (const message of [{ event: 'metrics', data: {} }, { event: 'receipt', data: {} }, { event: 'state', data: { state: 'failed' } }]) assert.equal(toldJob(job, message), job)
    assert.deepEqual(toldJob(job, { event: 'state', data: { state: 'pausing' } }), { state: 'pausing', progress: PROGRESS })
  })
})
