/** The small parts that streams are made of: the bell, work that many share, cursors, bytes on their way. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import type { Progress } from '../../../src/jobs/resources.ts'
import { createBell } from '../../../src/jobs/use-cases/bell.ts'
import { bytesMoved } from '../../../src/jobs/use-cases/bytes-moved.ts'
import { oneAfterAnother } from '../../../src/jobs/use-cases/one-after-another.ts'
import { jobCursorOf, jobCursorText, tenantCursorOf } from '../../../src/jobs/use-cases/stream-cursor.ts'

describe('bell', () => {
  test('what was rung while nobody waited is there, each thing once; who waits is woken', async () => {
    const bell = createBell<string>()
    const { signal } = new AbortController()
    for (const what of ['a', 'b', 'a']) bell.ring(what)
    assert.deepEqual([...await bell.rung(signal)], ['a', 'b'])
    const waiting = bell.rung(signal)
    await setImmediate()
    bell.ring('c')
    bell.ring('d')
    assert.deepEqual([...await waiting], ['c', 'd'])
  })

  test('waiting ends when it is given up, before or meanwhile', async () => {
    const bell = createBell<string>()
    assert.equal((await bell.rung(AbortSignal.abort())).size, 0)
    const stop = new AbortController()
    const waiting = bell.rung(stop.signal)
    stop.abort()
    assert.equal((await waiting).size, 0)
    bell.ring('later')
    assert.equal((await bell.rung(AbortSignal.abort())).size, 1)
  })
})

describe('work that many share', () => {
  test('never two runs at once; who asks during a run gets one that began afterwards', async () => {
    const ends: Array<() => void> = []
    let begun = 0
    const ask = oneAfterAnother(async () => {
      const run = ++begun
      await new Promise<void>((resolve) => { ends.push(resolve) })
      return run
    })
    const [first, second, third] = [ask(), ask(), ask()]
    assert.equal(begun, 1)
    ends[0]!()
    assert.equal(await first, 1)
    await setImmediate()
    assert.equal(begun, 2)
    const fourth = ask()
    ends[1]!()
    assert.deepEqual([await second, await third], [2, 2])
    await setImmediate()
    ends[2]!()
    assert.equal(await fourth, 3)
  })

  test('a run that fails fails for those who shared it, and for nobody else', async () => {
    let runs = 0
    const ask = oneAfterAnother(async () => {
      await setImmediate()
      if (++runs === 1) throw new Error('once')
      return runs
    })
    const [first, second] = [ask(), ask()]
    await assert.rejects(first, /once/)
    assert.equal(await second, 2)
    assert.equal(await ask(), 3)
  })
})

describe('cursors of streams', () => {
  test('come back as they were', () => {
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), fc.nat(1e6), fc.integer({ min: -1, max: 2 ** 31 - 1 }), fc.boolean(), (event, run, step, ended) => {
      assert.deepEqual(jobCursorOf(jobCursorText({ event, run, step, ended })), { event, run, step, ended })
      assert.equal(tenantCursorOf(String(event)), event)
    }))
  })

  test('anything else is refused', () => {
    for (const wrong of ['', '1', '1.1', '1.1.1.', '1.1.1.end.', '-1.1.1', '1.1.-2', '1e3.0.0', ' 1.0.0', '1.0.0\n', '9'.repeat(400)]) {
      assert.throws(() => jobCursorOf(wrong), { code: 'invalid-request' }, wrong)
      if (wrong !== '1') assert.throws(() => tenantCursorOf(wrong), { code: 'invalid-request' }, wrong)
    }
  })
})

describe('bytes on their way', () => {
  test('are told with the time that is left, piece by piece', async () => {
    const told: Progress[] = []
    let now = 0
    const moved = bytesMoved((progress) => { told.push(progress) }, () => now)
    moved.begin('fetching', 100)
    const pieces = (async function * () { for (const length of [20, 30]) { now += 1000; yield new Uint8Array(length) } })()
    const lengths: number[] = []
    for await (const piece of moved.count(pieces)) lengths.push(piece.length)
    moved.add(60)
    assert.deepEqual(lengths, [20, 30])
    assert.deepEqual(told.map(({ stage, done, total, etaSeconds }) => [stage, done, total, etaSeconds]), [
      ['fetching', 0, 100, null], ['fetching', 20, 100, 4], ['fetching', 50, 100, 2], ['fetching', 100, 100, 0],
    ])
  })
})
