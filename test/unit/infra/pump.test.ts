/** Taking work from several sources in turn. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPump, type Source } from '../../../src/infra/valkey/pump.ts'

const OPTIONS = { concurrency: 1, idleMs: 10_000, retryMs: 5, onTrouble: () => {} }

/** A source that gives its names one after the other; what ran is written down. */
function source (names: string[], ran: string[], work: () => Promise<unknown> = async () => {}): Source {
  return {
    async take () {
      const name = names.shift()
      return name === undefined ? undefined : { run: async () => { ran.push(name); await work() }, giveBack: async () => { names.unshift(name) } }
    },
  }
}

describe('the pump', () => {
  test('takes from each source in turn, whatever they hold', async () => {
    const ran: string[] = []
    const sources = [source(['a1', 'a2', 'a3'], ran), source([], ran), source(['c1'], ran)]
    const pump = startPump({ ...OPTIONS, sources: () => sources })
    await sleep(20)
    await pump.stop()
    assert.deepEqual(ran, ['a1', 'c1', 'a2', 'a3'])
  })

  test('looks again when it is called, and when what ran has ended', async () => {
    const ran: string[] = []
    const names: string[] = []
    const pump = startPump({ ...OPTIONS, sources: () => [source(names, ran)] })
    await sleep(10)
    names.push('one', 'two')
    await sleep(10)
    assert.deepEqual(ran, [])
    pump.call()
    await sleep(10)
    assert.deepEqual(ran, ['one', 'two'])
    await pump.stop()
  })

  test('a source that fails is asked again', async () => {
    const troubles: string[] = []
    const ran: string[] = []
    let fails = true
    const good = source(['late'], ran)
    const pump = startPump({ ...OPTIONS, onTrouble: ({ message }) => { troubles.push(message); fails = false }, sources: () => [fails ? { take: async () => { throw new Error('away') } } : good] })
    await sleep(50)
    await pump.stop()
    assert.deepEqual([troubles, ran], [['away'], ['late']])
  })

  test('what is taken while it stops is given back', async () => {
    const ran: string[] = []
    const names = ['slow']
    const inner = source(names, ran)
    const pump = startPump({ ...OPTIONS, sources: () => [{ take: async () => { await sleep(20); return await inner.take() } }] })
    await sleep(5)
    await pump.stop()
    assert.deepEqual([ran, names], [[], ['slow']])
  })

  test('work that fails is told and makes room', async () => {
    const troubles: string[] = []
    const ran: string[] = []
    const names = ['bad', 'next']
    const pump = startPump({ ...OPTIONS, onTrouble: ({ message }) => { troubles.push(message) }, sources: () => [source(names, ran, async () => { if (ran.length === 1) throw new Error('broken') })] })
    await sleep(20)
    await pump.stop()
    await pump.settled()
    assert.deepEqual([troubles, ran], [['broken'], ['bad', 'next']])
  })
})
