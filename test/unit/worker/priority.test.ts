/** A process that stands behind others does so with its whole session where that is its own, and changes nothing of somebody else's. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'

const MODULE = new URL('../../../src/worker/priority.ts', import.meta.url).href
const PROGRAM = `
  const { standBehind } = await import(${JSON.stringify(MODULE)})
  const { readFileSync, existsSync } = await import('node:fs')
  const group = () => existsSync('/proc/self/autogroup') ? readFileSync('/proc/self/autogroup', 'utf8') : null
  const before = group()
  standBehind(7)
  console.log(JSON.stringify({ nice: (await import('node:os')).getPriority(), before, after: group() }))`

async function told (detached: boolean): Promise<{ nice: number, before: string | null, after: string | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM], { detached, stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await text(child.stdout)) as Awaited<ReturnType<typeof told>>
}

describe('standing behind', () => {
  test('the process has the nice value, and so has its session when it leads it', async () => {
    const { nice, before, after } = await told(true)
    assert.equal(nice, 7)
    assert.equal(after !== null, existsSync('/proc/self/autogroup'))
    if (before?.includes('nice') === true) assert.match(after!, / nice 7\s*$/)
  })

  test('the session of whoever started it stays as it is', async () => {
    const { nice, before, after } = await told(false)
    assert.equal(nice, 7)
    assert.equal(after, before)
  })
})
