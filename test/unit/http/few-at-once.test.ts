/** Never more at once than allowed, in order, and one that fails frees its place. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { fewAtOnce } from '../../../src/http/few-at-once.ts'

describe('fewAtOnce', () => {
  test('keeps to the number and the order, whatever fails', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 20 }), async (most, works) => {
      const few = fewAtOnce(most)
      const begun: number[] = []
      let [running, peak] = [0, 0]
      const results = await Promise.allSettled(works.map(async ({ turns, fails }, index) => await few(async () => {
        begun.push(index)
        peak = Math.max(peak, ++running)
        for (let i = 0; i < turns; i++) await turn()
        running--
        if (fails) throw new Error(String(index))
        return index
      })))
      assert.deepEqual(begun, works.map((_, index) => index))
      assert.ok(peak <= most)
      if (works.length >= most && works.slice(0, most).every(({ turns }) => turns > 0)) assert.equal(peak, most)
      assert.deepEqual(results.map(({ status }) => status), works.map(({ fails }) => fails ? 'rejected' : 'fulfilled'))
      assert.equal(await few(async () => 'free'), 'free')
    }))
  })
})
