/** Errors of others become ours: what passes, what tells that a disk is full, and what is unexpected. */
import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { EspalierError } from '../../src/errors.ts'

describe('EspalierError.from', () => {
  test('one of ours stays itself', () => {
    const error = new EspalierError('conflict', 'no')
    assert.equal(EspalierError.from(error), error)
  })

  test('what is unexpected is internal, or what the caller says, and keeps its cause', () => {
    const cause = new TypeError('x is not a function')
    assert.equal(EspalierError.from(cause).code, 'internal')
    assert.equal(EspalierError.from(cause, 'unavailable').code, 'unavailable')
    assert.equal(EspalierError.from(cause).cause, cause)
    assert.equal(EspalierError.from('text').message, 'text')
  })

  test('a full disk is told as such, also through the errors of libraries', () => {
    const system = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const prisma = Object.assign(new Error('Database error'), { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '53100' } } } })
    for (const error of [system, new Error('while writing', { cause: system }), prisma]) assert.equal(EspalierError.from(error).code, 'storage-full', String(error))
    const circle: Error = new Error('a')
    circle.cause = circle
    assert.equal(EspalierError.from(circle).code, 'internal')
  })

  test('a real device without room is one', async (t) => {
    const full = await open('/dev/full', 'w').catch(() => null)
    if (full === null) return t.skip('this system has no /dev/full')
    try {
      const thrown: unknown = await full.write('x').then(() => null, (error: unknown) => error)
      assert.equal(EspalierError.from(thrown).code, 'storage-full')
    } finally {
      await full.close()
    }
  })
})
