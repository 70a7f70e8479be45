/** A job's own limits within the service's. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { checkAsked, holding } from '../../../src/jobs/limits.ts'

const MAXIMA = { timeSeconds: 3600, memoryMb: 4096, largeMb: 2048 }
const MB = 2 ** 20

describe('limits of a job', () => {
  test('what is within the service\'s is taken, each that is not is named', () => {
    checkAsked({ memoryMb: 4096 }, { timeSeconds: 3600, memoryMb: 4096 }, MAXIMA)
    checkAsked({}, { timeSeconds: 1e9 }, { ...MAXIMA, timeSeconds: 0 })
    assert.throws(() => { checkAsked({ memoryMb: 5000 }, { timeSeconds: 3601, memoryMb: 4097 }, MAXIMA) }, (error: EspalierError) => {
      assert.equal(error.code, 'invalid-request')
      assert.deepEqual((error.details['errors'] as Array<{ path: string }>).map(({ path }) => path), ['/limits/timeSeconds', '/limits/memoryMb', '/needs/memoryMb', '/needs/memoryMb'])
      return true
    })
    assert.throws(() => { checkAsked({ memoryMb: 2000 }, { memoryMb: 1000 }, MAXIMA) }, /more than the limit of 1000/)
  })

  test('the tighter one holds, and says whose it is', () => {
    const service = { timeoutMs: 60_000, memoryLimitBytes: 1024 * MB }
    assert.deepEqual(holding({}, service), { time: { value: 60_000, of: 'service' }, memory: { value: 1024 * MB, of: 'service' } })
    assert.deepEqual(holding({ timeSeconds: 30, memoryMb: 512 }, service), { time: { value: 30_000, of: 'job' }, memory: { value: 512 * MB, of: 'job' } })
    assert.deepEqual(holding({ timeSeconds: 90, memoryMb: 2048 }, service), { time: { value: 60_000, of: 'service' }, memory: { value: 1024 * MB, of: 'service' } })
    assert.deepEqual(holding({}, { ...service, timeoutMs: 0 }).time, null)
    assert.deepEqual(holding({ timeSeconds: 90 }, { ...service, timeoutMs: 0 }).time, { value: 90_000, of: 'job' })
  })
})
