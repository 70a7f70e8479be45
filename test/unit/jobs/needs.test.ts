/** Which memory a job needs at least, which queue follows from that, and who serves it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { leastMemoryMb, queueFor, queuesServed } from '../../../src/jobs/needs.ts'

const MILLION = 2 ** 20

describe('what a job needs', () => {
  test('float32 weights, as often as its method holds them', () => {
    assert.equal(leastMemoryMb({ method: 'fine-tune', stages: [] }, { weights: 100 * MILLION, evaluated: false }), 2000)
    assert.equal(leastMemoryMb({ method: 'gradual', stages: [] }, { weights: 1, evaluated: true }), 1)
    assert.equal(leastMemoryMb({ method: 'magnitude', stages: [] }, { weights: 100 * MILLION, evaluated: true }), 1200)
    assert.equal(leastMemoryMb({ method: 'magnitude', stages: [] }, { weights: 100 * MILLION, evaluated: false }), 0)
  })

  test('the queue: a GPU first, then memory above the mark', () => {
    assert.equal(queueFor({}, 8192), 'default')
    assert.equal(queueFor({ device: 'cpu', memoryMb: 8192 }, 8192), 'default')
    assert.equal(queueFor({ memoryMb: 8193 }, 8192), 'large')
    assert.equal(queueFor({ device: 'gpu', memoryMb: 8193 }, 8192), 'gpu')
  })

  test('what is served: `default` always, the others by memory and device', () => {
    assert.deepEqual(queuesServed({ device: null, memoryMb: 8192 }, 8192), ['default'])
    assert.deepEqual(queuesServed({ device: 'cpu', memoryMb: 8193 }, 8192), ['default', 'large'])
    assert.deepEqual(queuesServed({ device: 'gpu', memoryMb: 32768 }, 8192), ['default', 'large', 'gpu'])
  })
})
