/** Progress is written seldom, one at a time, the latest first. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Progress } from '../../../src/jobs/resources.ts'
import { progressWriter } from '../../../src/jobs/use-cases/progress-writer.ts'

const at = (done: number): Progress => ({ stage: 'evaluate', done, total: 100, etaSeconds: null })

describe('progressWriter', () => {
  test('many reports become few writes: the first and the latest', async () => {
    const written: number[] = []
    const writer = progressWriter(async ({ done }) => { written.push(done); return true }, () => {}, 20)
    for (let i = 0; i < 100; i++) writer.report(at(i))
    await sleep(60)
    await writer.stop()
    assert.deepEqual(written, [0, 99])
  })

  test('never two writes at once, and a slow one holds nobody up', async () => {
    let open = 0
    let most = 0
    const writer = progressWriter(async () => { most = Math.max(most, ++open); await sleep(15); open--; return true }, () => {}, 1)
    const start = performance.now()
    for (let i = 0; i < 50; i++) writer.report(at(i))
    assert.ok(performance.now() - start < 15)
    await sleep(40)
    await writer.stop()
    assert.equal(most, 1)
    assert.equal(open, 0)
  })

  test('a failing write is no failure; a refused one is told', async () => {
    let refused = 0
    const failing = progressWriter(async () => { throw new Error('gone') }, () => { refused++ }, 1)
    failing.report(at(1))
    await failing.stop()
    assert.equal(refused, 0)
    const late = progressWriter(async () => false, () => { refused++ }, 1)
    late.report(at(1))
    await sleep(5)
    await late.stop()
    assert.equal(refused, 1)
  })

  test('after stop nothing is written', async () => {
    const written: number[] = []
    const writer = progressWriter(async ({ done }) => { written.push(done); return true }, () => {}, 5)
    writer.report(at(1))
    writer.report(at(2))
    await writer.stop()
    writer.report(at(3))
    await sleep(15)
    assert.deepEqual(written, [1])
  })
})
