/** Costly work in turn: never two at once, in order, and past failures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTurn } from '../../../src/http/in-turn.ts'

test('one at a time, in order, and past one that fails', async () => {
  const told: string[] = []
  let running = 0
  const work = inTurn(async (name: string, milliseconds: number) => {
    assert.equal(++running, 1)
    await sleep(milliseconds)
    running--
    told.push(name)
    if (name === 'b') throw new Error('b failed')
    return name
  })
  const results = await Promise.allSettled([work('a', 20), work('b', 5), work('c', 1)])
  assert.deepEqual(told, ['a', 'b', 'c'])
  assert.deepEqual(results.map((result) => result.status === 'fulfilled' ? result.value : (result.reason as Error).message), ['a', 'b failed', 'c'])
})
