/** Bombs: read in a process of their own, whose memory is watched. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { watched } from '../fuzz/watch.ts'
import type { TargetName } from '../fuzz/targets.ts'
import { BOMBS } from './bombs.ts'

let folder: string
before(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-bombs-')) })
after(async () => { await rm(folder, { recursive: true }) })

for (const [target, cases] of Object.entries(BOMBS)) {
  describe(`bombs: ${target}`, () => {
    for (const one of cases) {
      test(one.name, async () => {
        const file = path.join(folder, 'bomb')
        await writeFile(file, await one.make())
        const { finding, text, told } = await watched({ target: target as TargetName, current: path.join(folder, 'current'), replay: file })
        assert.equal(finding, undefined, text)
        const [outcome] = Object.keys(told!.outcomes)
        assert.ok(one.outcomes.some((expected) => expected === outcome), `${outcome} (${told!.text}), and not ${one.outcomes.join(' or ')}`)
      })
    }
  })
}
