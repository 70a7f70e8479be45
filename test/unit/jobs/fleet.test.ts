/** What queues look like to an autoscaler, and what a queued job waits for. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { queueStates, waitingFor, type Worker } from '../../../src/jobs/fleet.ts'

const NONE = { waiting: 0, active: 0, delayed: 0 }

function worker (changes: Partial<Worker> = {}): Worker {
  return {
    id: 'wrk_1', name: 'h:1', host: 'h', pid: 1, version: '0', state: 'ready', device: null, memoryBytes: 1024 * 2 ** 20, cpus: 2, concurrency: 2, queues: ['default'], running: 0, jobs: [],
    startedAt: '2026-01-01T00:00:00.000Z', seenAt: '2026-01-01T00:00:00.000Z', ...changes,
  }
}

describe('the fleet', () => {
  test('a queue counts the workers that take from it: not those that drain or are gone', () => {
    const workers = [worker(), worker({ state: 'starting', queues: ['default', 'large'], concurrency: 3 }), worker({ state: 'draining' }), worker({ state: 'gone', queues: ['gpu'] })]
    const states = queueStates({ default: { waiting: 4, active: 2, delayed: 1 }, large: NONE, gpu: { ...NONE, waiting: 1 } }, new Map([['default', 12.5]]), workers)
    assert.deepEqual(states.map(({ name, jobs, oldestWaitSeconds, workers, slots }) => [name, jobs, oldestWaitSeconds, workers, slots]), [
      ['default', 7, 12.5, 2, 5], ['large', 0, 0, 1, 3], ['gpu', 1, 0, 0, 0],
    ])
  })

  test('a job that no worker can take says why', () => {
    const small = worker()
    assert.equal(waitingFor({ queue: 'default', needs: {} }, [small]), undefined)
    assert.equal(waitingFor({ queue: 'default', needs: { memoryMb: 1024 } }, [small]), undefined)
    assert.equal(waitingFor({ queue: 'gpu', needs: { device: 'gpu' } }, [small]), 'no worker of the queue gpu is running')
    assert.equal(waitingFor({ queue: 'default', needs: {} }, [worker({ state: 'draining' }), worker({ state: 'gone' })]), 'no worker of the queue default is running')
    assert.equal(waitingFor({ queue: 'default', needs: { memoryMb: 1025 } }, [small, worker({ memoryBytes: 2 ** 20 })]), 'no running worker of the queue default gives a job 1025 MB of memory; the most is 1024 MB')
  })
})
