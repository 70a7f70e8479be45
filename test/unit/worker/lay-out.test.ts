/** Files laid out for a library that opens them: in a folder of their own, which goes whatever happens. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { withFiles } from '../../../src/worker/lay-out.ts'

describe('files laid out', () => {
  let folder: string
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'espalier-files-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  const files = (...names: string[]) => names.map((name) => ({ name, async * content () { yield Buffer.from(name); yield Buffer.from('!') } }))

  test('with folders, for as long as they are used', async () => {
    assert.equal(await withFiles(folder, files('a.onnx', 'data/b.bin'), async (path) => await readFile(join(path, 'data/b.bin'), 'utf8')), 'data/b.bin!')
    assert.deepEqual(await readdir(folder), [])
  })

  test('they go after a failure too', async () => {
    await assert.rejects(withFiles(folder, files('a'), async () => { throw new Error('not usable') }), /not usable/)
    assert.deepEqual(await readdir(folder), [])
  })

  for (const names of [['a', 'a'], ['a', 'a/b'], ['a/b', 'a'], ['x'.repeat(300)], ['../outside'], ['a/../../outside']]) {
    test(`names that cannot be: ${names.join(', ').slice(0, 40)}`, async () => {
      await assert.rejects(withFiles(folder, files(...names), async () => assert.fail('it was laid out')), { code: 'invalid-model' })
      assert.deepEqual(await readdir(folder), [])
    })
  }
})
