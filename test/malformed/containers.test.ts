/** The tools that make malformed files: a good file that is taken apart and put together is still good, and a seed makes the same inputs every time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openContainer } from '../fuzz/containers/index.ts'
import { mutate } from '../fuzz/mutate.ts'
import { Random } from '../fuzz/random.ts'
import { outcomeOf } from '../fuzz/read-whole.ts'
import { TARGETS, type Target } from '../fuzz/targets.ts'

/** Content as it is, part by part, as deep as it goes. */
function rebuilt (bytes: Uint8Array, depth = 0): Uint8Array {
  const opened = depth < 6 ? openContainer(bytes) : undefined
  return opened?.close(opened.parts.map(({ label, content }) => ({ label, content: content instanceof Uint8Array ? rebuilt(content, depth + 1) : content }))) ?? bytes
}

for (const [name, target] of Object.entries(TARGETS) as Array<[string, Target]>) {
  test(`${name}: good files that are taken apart and put together end as before`, async () => {
    for (const seed of await target.seeds()) {
      const before = await outcomeOf(target.read, seed)
      assert.deepEqual((await outcomeOf(target.read, rebuilt(seed))).outcome, before.outcome, before.text)
    }
  })

  test(`${name}: one seed makes the same inputs, another one others`, async () => {
    const [seed] = await target.seeds() as [Uint8Array]
    const inputs = (number: number): Uint8Array[] => {
      const random = new Random(number)
      return Array.from({ length: 10 }, () => mutate(seed, random, { other: seed, words: target.words }))
    }
    assert.deepEqual(inputs(1), inputs(1))
    assert.notDeepEqual(inputs(1), inputs(2))
  })
}
