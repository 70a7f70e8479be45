/** The blob stores: the contract on each, and what only one of them has. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { createPostgresBlobs } from '../../src/infra/blobs/postgres.ts'
import { blobsContract, type BlobStore } from '../contract/blobs.ts'
import { sha256Of } from '../contract/samples.ts'
import { flipBit } from '../support/damage.ts'
import { freshDatabase } from '../support/database.ts'

async function inFolder (): Promise<BlobStore & { folder: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-blobs-'))
  const placeOf = (sha256: string): string => path.join(folder, sha256.slice(0, 2), sha256)
  return {
    folder,
    blobs: createFileBlobs(folder),
    async leftovers () {
      const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
      const complete = files.filter((file) => /^[0-9a-f]{64}$/.test(file.name)).map((file) => file.name)
      const sums = files.filter((file) => complete.includes(file.name.replace(/\.sums$/, ''))).length - complete.length
      return { complete: complete.length, unfinished: files.length - complete.length - sums }
    },
    async crashWithinPut () { await writeFile(path.join(folder, 'tmp', randomUUID()), 'half a') },
    async damage (sha256, at) { await flipBit(placeOf(sha256), at) },
    async cut (sha256) {
      await chmod(placeOf(sha256), 0o644)
      await truncate(placeOf(sha256), (await stat(placeOf(sha256))).size - 1)
    },
    async forgetSums (sha256) { await rm(`${placeOf(sha256)}.sums`) },
    async dispose () { await rm(folder, { recursive: true }) },
  }
}

/** Size of a chunk in Postgres. */
const CHUNK = 1 << 20

async function inPostgres (): Promise<BlobStore> {
  const database = await freshDatabase()
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  const blobs = createPostgresBlobs(database.url)
  const onChunk = async (sha256: string, content: string, position: number, value: number): Promise<void> => {
    await pool.query(`UPDATE blob_chunks SET content = ${content} FROM blobs WHERE blobs.upload_id = blob_chunks.upload_id AND sha256 = $1 AND position = $3`, [sha256, value, position])
  }
  const count = async (sql: string): Promise<number> => Number((await pool.query<{ n: string }>(sql)).rows[0]?.n)
  return {
    blobs,
    async leftovers () {
      return {
        complete: await count('SELECT count(*) AS n FROM blobs'),
        unfinished: await count('SELECT count(*) AS n FROM blob_chunks WHERE upload_id NOT IN (SELECT upload_id FROM blobs)'),
      }
    },
    async crashWithinPut () { await pool.query('INSERT INTO blob_chunks (upload_id, position, content) VALUES ($1, 0, $2)', [randomUUID(), Buffer.from('half a')]) },
    async damage (sha256, at) {
      await onChunk(sha256, 'set_byte(content, $2, get_byte(content, $2) # 1)', Math.floor(at / CHUNK), at % CHUNK)
    },
    async cut (sha256) {
      const last = Math.floor((await count(`SELECT bytes AS n FROM blobs WHERE sha256 = '${sha256}'`) - 1) / CHUNK)
      await onChunk(sha256, 'substring(content FOR length(content) - $2)', last, 1)
    },
    async forgetSums (sha256) { await pool.query('UPDATE blob_chunks SET crc32 = NULL FROM blobs WHERE blobs.upload_id = blob_chunks.upload_id AND sha256 = $1', [sha256]) },
    async dispose () {
      await blobs.close()
      await pool.end()
      await database.drop()
    },
  }
}

blobsContract('files', inFolder)
blobsContract('Postgres', inPostgres)

describe('blobs: files only', () => {
  let store: Awaited<ReturnType<typeof inFolder>>
  before(async () => { store = await inFolder() })
  after(async () => { await store.dispose() })

  test('gives a path on this machine, read-only', async () => {
    const { sha256 } = await store.blobs.put((async function * () { yield Buffer.from('abc') })())
    const place = await store.blobs.localPath(sha256)
    assert.ok(place !== undefined && path.isAbsolute(place))
    assert.equal(await readFile(place, 'utf8'), 'abc')
    assert.equal((await stat(place)).mode & 0o222, 0)
  })
})

describe('blobs: Postgres only', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>
  before(async () => { database = await freshDatabase() })
  after(async () => { await database.drop() })

  test('small chunks: many of them, read across their borders', async () => {
    const blobs = createPostgresBlobs(database.url, { chunkBytes: 7 })
    const text = Buffer.from('a blob in chunks of seven bytes, read at odd places')
    const { sha256 } = await blobs.put((async function * () { for (const byte of text) yield Buffer.from([byte]) })())
    const file = await blobs.open(sha256)
    for (let at = 0; at + 12 <= text.length; at++) assert.deepEqual(Buffer.from(await file.read(at, 12)), text.subarray(at, at + 12))
    // Another process with another chunk size reads it all the same.
    const other = createPostgresBlobs(database.url, { chunkBytes: 1000 })
    const chunks: Uint8Array[] = []
    for await (const chunk of other.stream(sha256)) chunks.push(chunk)
    assert.equal(sha256Of(Buffer.concat(chunks)), sha256)
    await Promise.all([blobs.close(), other.close()])
  })

  test('chunks are stored as they are, out of line', async () => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const { rows } = await client.query("SELECT attstorage FROM pg_attribute WHERE attrelid = 'blob_chunks'::regclass AND attname = 'content'")
    await client.end()
    assert.deepEqual(rows, [{ attstorage: 'e' }])
  })

  test('connections that are cut within a put are replaced; the blob is whole', async () => {
    const blobs = createPostgresBlobs(database.url, { chunkBytes: 1000, patience: 5000 })
    const killer = new pg.Client({ connectionString: database.url })
    await killer.connect()
    const piece = Buffer.alloc(1500, 7)
    const { sha256, bytes } = await blobs.put((async function * () {
      for (let i = 0; i < 20; i++) {
        if (i % 5 === 4) await killer.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()')
        yield piece
      }
    })())
    assert.equal(bytes, 30_000)
    let read = 0
    for await (const chunk of blobs.stream(sha256)) read += chunk.length
    assert.equal(read, 30_000)
    await killer.end()
    await blobs.close()
  })

  test('without a Postgres it is unavailable', async () => {
    const blobs = createPostgresBlobs('postgresql://nobody@127.0.0.1:1/none')
    await assert.rejects(blobs.has(sha256Of('a')), { code: 'unavailable' })
    await assert.rejects(blobs.put((async function * () { yield Buffer.alloc(10) })()), { code: 'unavailable' })
    await blobs.close()
  })
})
