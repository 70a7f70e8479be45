/** The Blobs port on Postgres: rows of chunks, so that API and workers need share no disk. Raw pg, for the speed of it. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import pg from 'pg'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'
import { patientFor } from '../postgres/patience.ts'
import { isAddress, noSuchBlob, rangeWithin } from './content.ts'
import { checksumOf, chunkReader, piecesOf, wholeOf, type StoredBlob } from './postgres-read.ts'
import { writeChunks } from './write-chunks.ts'

export interface PostgresBlobsOptions {
  /** Size of a chunk. Larger ones cost memory for every reader and writer, smaller ones round trips. */
  readonly chunkBytes?: number
  /** How long to wait for a Postgres that went away, milliseconds. */
  readonly patience?: number
  readonly connections?: number
}

const CONNECT_TIMEOUT_MS = 3000
const QUERY_TIMEOUT_MS = 60_000

/** Blobs in the database at `databaseUrl`, whose migrations are applied. @throws `unavailable` when Postgres cannot be reached */
export function createPostgresBlobs (databaseUrl: string, { chunkBytes = 1 << 20, patience = 0, connections = 5 }: PostgresBlobsOptions = {}): Blobs {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    // Chunks need not reach the disk one by one: the commit that makes the blob visible waits for all of them.
    options: '-c synchronous_commit=off',
  })
  // An idle connection that breaks is replaced when next needed.
  pool.on('error', () => {})
  const patiently = patientFor(patience)
  const query = async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<pg.QueryResult<Row>> =>
    await patiently(async () => await pool.query<Row>(text, values))

  async function transaction<T> (work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return await patiently(async () => {
      const client = await pool.connect()
      let broken: Error | undefined
      const onError = (error: Error): void => { broken = error }
      client.on('error', onError)
      try {
        await client.query('BEGIN')
        await client.query('SET LOCAL synchronous_commit = on')
        const result = await work(client)
        await client.query('COMMIT')
        return result
      } catch (error) {
        await client.query('ROLLBACK').catch((second: Error) => { broken = second })
        throw error
      } finally {
        client.off('error', onError)
        client.release(broken)
      }
    })
  }

  async function find (sha256: string): Promise<StoredBlob | null> {
    if (!isAddress(sha256)) return null
    const { rows: [row] } = await query<{ bytes: string, chunk_bytes: number, upload_id: string }>('SELECT bytes, chunk_bytes, upload_id FROM blobs WHERE sha256 = $1', [sha256])
    return row === undefined ? null : { sha256, bytes: Number(row.bytes), chunkBytes: row.chunk_bytes, uploadId: row.upload_id }
  }

  async function findOrThrow (sha256: string): Promise<StoredBlob> {
    const blob = await find(sha256)
    if (blob === null) throw noSuchBlob(sha256)
    return blob
  }

  /** Makes an upload the blob of its content, unless there is one already that is whole. `used`: the chunks of this upload are that blob. */
  async function publish (uploadId: string, chunks: number, sha256: string, bytes: number): Promise<{ created: boolean, used: boolean }> {
    return await transaction(async (client) => {
      while (true) {
        const held = await client.query('SELECT 1 FROM blob_chunks WHERE upload_id = $1 FOR SHARE', [uploadId])
        const inserted = await client.query(
          'INSERT INTO blobs (sha256, bytes, chunk_bytes, upload_id) VALUES ($1, $2, $3, $4) ON CONFLICT (sha256) DO NOTHING', [sha256, bytes, chunkBytes, uploadId])
        if (inserted.rowCount === 1) {
          if (held.rowCount === chunks) return { created: true, used: true }
          throw new EspalierError('unavailable', `an upload lost ${chunks - (held.rowCount ?? 0)} of its ${chunks} chunks while Postgres was restarted; send it again`, { sha256 })
        }
        // Renewing its age keeps a sweep from taking it before a row refers to it.
        const { rows: [known] } = await client.query<{ upload_id: string, damaged: boolean }>(
          'UPDATE blobs SET created_at = now() WHERE sha256 = $1 RETURNING upload_id, damaged_at IS NOT NULL AS damaged', [sha256])
        if (known === undefined) continue // deleted in between
        // Ours when a former try was committed and its answer lost.
        if (known.upload_id === uploadId) return { created: true, used: true }
        const heals = known.damaged && held.rowCount === chunks
        if (heals) {
          await client.query('UPDATE blobs SET upload_id = $2, chunk_bytes = $3, damaged_at = NULL WHERE sha256 = $1', [sha256, uploadId, chunkBytes])
          await client.query('DELETE FROM blob_chunks WHERE upload_id = $1', [known.upload_id])
        }
        return { created: false, used: heals }
      }
    })
  }

  const dropping = new Set<Promise<unknown>>()

  /** Nobody waits for it: how long an upload takes must not tell that somebody else has the same file. What stays behind is swept. */
  function dropLater (uploadId: string): void {
    const dropped = pool.query('DELETE FROM blob_chunks WHERE upload_id = $1', [uploadId]).catch(() => {}).finally(() => dropping.delete(dropped))
    dropping.add(dropped)
  }

  return {
    async put (content, limit, hold) {
      const uploadId = randomUUID()
      try {
        const insert = async (position: number, chunk: Uint8Array): Promise<void> => {
          await query('INSERT INTO blob_chunks (upload_id, position, content, crc32) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [uploadId, position, chunk, checksumOf(chunk)])
        }
        const { sha256, bytes, chunks } = await writeChunks(content, chunkBytes, limit, insert)
        await hold?.(sha256)
        const { created, used } = await publish(uploadId, chunks, sha256, bytes)
        if (!used) dropLater(uploadId)
        return { sha256, bytes, created }
      } catch (error) {
        // Best effort: what stays behind is not visible and is swept.
        await pool.query('DELETE FROM blob_chunks WHERE upload_id = $1 AND NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.upload_id = $1)', [uploadId]).catch(() => {})
        throw error
      }
    },

    async take (place, _known, hold) {
      return await this.put(createReadStream(place, { highWaterMark: chunkBytes }), undefined, hold)
    },

    async open (sha256) {
      const blob = await findOrThrow(sha256)
      return { size: blob.bytes, read: chunkReader(blob, query), async close () {} }
    },

    async * stream (sha256, range) {
      const blob = await findOrThrow(sha256)
      const { from, to } = rangeWithin(blob.bytes, range)
      yield * from === 0 && to === blob.bytes ? wholeOf(blob, query) : piecesOf(blob, query, from, to)
    },

    async localPath () {
      return undefined
    },

    async has (sha256) {
      return await find(sha256) !== null
    },

    async delete (sha256) {
      const { rowCount } = await query(
        'WITH gone AS (DELETE FROM blobs WHERE sha256 = $1 RETURNING upload_id), chunks AS (DELETE FROM blob_chunks USING gone WHERE blob_chunks.upload_id = gone.upload_id) SELECT 1 FROM gone',
        [sha256])
      return rowCount === 1
    },

    async sweep (keep, olderThanMs) {
      const gone = await query(
        `WITH gone AS (
           DELETE FROM blobs WHERE created_at <= now() - $2::float8 * interval '1 millisecond' AND NOT (sha256 = ANY($1)) RETURNING upload_id),
         chunks AS (DELETE FROM blob_chunks USING gone WHERE blob_chunks.upload_id = gone.upload_id)
         SELECT 1 FROM gone`, [[...keep], olderThanMs])
      const unfinished = await query(
        `WITH old AS (
           SELECT upload_id FROM blob_chunks WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE blobs.upload_id = blob_chunks.upload_id)
           GROUP BY upload_id HAVING max(created_at) <= now() - $1::float8 * interval '1 millisecond'),
         chunks AS (DELETE FROM blob_chunks USING old WHERE blob_chunks.upload_id = old.upload_id)
         SELECT 1 FROM old`, [olderThanMs])
      return (gone.rowCount ?? 0) + (unfinished.rowCount ?? 0)
    },

    async ping () {
      await query('SELECT 1')
    },

    async close () {
      await Promise.all(dropping)
      await pool.end()
    },
  }
}
