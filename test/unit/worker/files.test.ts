/** Files of an engine child: reads within bounds, outputs that appear only when complete. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { folderOnDisk, openFile } from '../../../src/worker/files.ts'
import { gzipSize } from '../../../src/worker/gzip-size.ts'
import { openScratch } from '../../../src/worker/scratch.ts'

describe('files', () => {
  let folder: string
  before(async () => { folder = await mkdtemp(path.join(tmpdir(), 'espalier-files-')) })
  after(async () => { await rm(folder, { recursive: true }) })

  test('reads what is there and refuses what is not', async () => {
    await writeFile(path.join(folder, 'a'), 'abcdef')
    const file = await openFile(path.join(folder, 'a'))
    assert.equal(file.size, 6)
    assert.equal(Buffer.from(await file.read(2, 3)).toString(), 'cde')
    await assert.rejects(file.read(4, 3), { code: 'invalid-model' })
    await file.close()
    await assert.rejects(openFile(path.join(folder, 'none')), { code: 'not-found' })
  })

  test('an output is invisible until it is finished', async () => {
    const outputs = folderOnDisk(folder)
    const file = await outputs.create('model.keras')
    await file.write(3, Buffer.from('def'))
    await file.write(0, Buffer.from('abc'))
    assert.ok(!(await readdir(folder)).includes('model.keras'))
    assert.deepEqual(await file.finish(), { bytes: 6, sha256: createHash('sha256').update('abcdef').digest('hex') })
    assert.equal(await readFile(path.join(folder, 'model.keras'), 'utf8'), 'abcdef')
    const again = await outputs.open('model.keras')
    assert.equal(again.size, 6)
    await again.close()
  })

  test('the hash is that of the file, in whatever order it was written', async () => {
    const [head, middle, tail] = [randomBytes(1000), randomBytes(100_000), randomBytes(7)]
    const whole = Buffer.concat([head, middle, tail])
    const orders = [[[0, head], [1000, middle], [101_000, tail]], [[1000, middle], [0, head], [101_000, tail]], [[0, head], [101_000, tail], [1000, middle]]] as const
    for (const [index, order] of orders.entries()) {
      const file = await folderOnDisk(folder).create(`order-${index}`)
      for (const [offset, bytes] of order) await file.write(offset, bytes)
      assert.deepEqual(await file.finish(), { bytes: whole.length, sha256: createHash('sha256').update(whole).digest('hex') })
      assert.ok(whole.equals(await readFile(path.join(folder, `order-${index}`))))
    }
  })

  test('a large one is hashed by a thread while it is written, gaps or not', async () => {
    const piece = randomBytes(8 * 2 ** 20)
    for (const order of [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]]) {
      const hash = createHash('sha256')
      for (let index = 0; index < order.length; index++) hash.update(piece)
      const file = await folderOnDisk(folder).create(`large-${order.join('')}`)
      for (const index of order) await file.write(index * piece.length, piece)
      assert.deepEqual(await file.finish(), { bytes: 10 * piece.length, sha256: hash.digest('hex') })
    }
    const dropped = await folderOnDisk(folder).create('dropped')
    for (let index = 0; index < 10; index++) await dropped.write(index * piece.length, piece)
    await dropped.discard()
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('dropped')), [])
  })

  test('a discarded output leaves nothing', async () => {
    const file = await folderOnDisk(folder).create('half.keras')
    await file.write(0, Buffer.from('abc'))
    await file.discard()
    assert.deepEqual((await readdir(folder)).filter((name) => name.startsWith('half')), [])
  })

  test('folders of dead workers are removed, those of others stay', async () => {
    const own = await openScratch(folder)
    const root = path.join(folder, 'scratch')
    const host = path.basename(own).slice(0, -`.${process.pid}`.length)
    // Process 2^22 + 1 cannot exist: it is above the largest process id of Linux.
    for (const name of [`${host}.4194305`, `${host}.${process.ppid}`, 'elsewhere.1']) await mkdir(path.join(root, name))
    await openScratch(folder)
    assert.deepEqual((await readdir(root)).sort(), [`${host}.${process.ppid}`, path.basename(own), 'elsewhere.1'].sort())
  })
})

test('the gzip size is that of a gzip file', async () => {
  const bytes = Buffer.from(Float32Array.from({ length: 3 << 20 }, (_, index) => index % 7 === 0 ? Math.sin(index) : 0).buffer)
  const { bytes: size, estimated } = await gzipSize(bytesInMemory(bytes))
  const whole = gzipSync(bytes)
  assert.equal(gunzipSync(whole).length, bytes.length)
  assert.equal(estimated, false)
  assert.ok(Math.abs(size / whole.length - 1) < 0.005)
})
