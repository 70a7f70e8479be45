/** The test of one parser's malformed files: each ends as it says, in time, with a message of bounded length. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { outcomeOf } from '../fuzz/read-whole.ts'
import { LIMITS } from '../fuzz/watch.ts'
import { TARGETS, type TargetName } from '../fuzz/targets.ts'
import { CORPUS } from './corpus.ts'

/** Of one parser, at least. */
const LEAST = 15

/** Time is that of the processor, as other tests run beside; what waits for ever is ended after this. */
const NEVER_MS = 60_000

/** A message may quote a file, but not all of it. */
const MAX_TEXT = 8000

export function checkParser (parser: TargetName): void {
  describe(`malformed: ${parser}`, async () => {
    const cases = await CORPUS[parser]()
    test(`${cases.length} files, each with a name of its own`, () => {
      assert.ok(cases.length >= LEAST)
      assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
    })
    for (const one of cases) {
      test(one.name, { timeout: NEVER_MS }, async () => {
        const bytes = await one.make()
        const begin = process.cpuUsage()
        const { outcome, text } = await outcomeOf(TARGETS[parser].read, bytes)
        const { user, system } = process.cpuUsage(begin)
        assert.ok((user + system) / 1000 < LIMITS.milliseconds, 'it took too long')
        assert.ok(one.outcomes.includes(outcome), `${outcome} (${text}), and not ${one.outcomes.join(' or ')}`)
        assert.equal(outcome === 'read', text === '')
        assert.ok(text.length < MAX_TEXT, `a message of ${text.length} characters`)
      })
    }
  })
}
