/** Reads the chunks of a blob in Postgres, checked: anywhere with a small cache, or in order with one chunk ahead. */
import { crc32 } from 'node:zlib'
import type pg from 'pg'
import { EspalierError } from '../../errors.ts'
import { assertWithin } from '../../models/bytes.ts'
import { damaged, noSuchBlob, verified } from './content.ts'

export interface StoredBlob { readonly sha256: string, readonly bytes: number, readonly chunkBytes: number, readonly uploadId: string }
export type Query = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>

/** Enough for a parser that reads a directory at the end and data at two places in turn. */
const CACHED_CHUNKS = 4

/** CRC-32 as a column of 32 bits with sign holds it. */
export function checksumOf (chunk: Uint8Array): number {
  return crc32(chunk) | 0
}

/**
 * One chunk, checked. With `unchecked` one of a version without checksums is given as it is; else the whole blob is checked first, and its checksums are kept.
 * @throws `blob-damaged` when it is not what was stored, `not-found` when the blob was deleted while it was open
 */
async function chunkOf (blob: StoredBlob, query: Query, position: number, unchecked = false): Promise<Uint8Array> {
  const { rows: [row] } = await query<{ content: Buffer, crc32: number | null }>('SELECT content, crc32 FROM blob_chunks WHERE upload_id = $1 AND position = $2', [blob.uploadId, position])
  const [from, to] = [position * blob.chunkBytes, Math.min((position + 1) * blob.chunkBytes, blob.bytes)]
  if (row === undefined && (await query('SELECT 1 FROM blobs WHERE upload_id = $1', [blob.uploadId])).rowCount === 0) throw noSuchBlob(blob.sha256)
  if (row?.content.byteLength !== to - from || (row.crc32 !== null && row.crc32 !== checksumOf(row.content))) {
    await markDamaged(blob, query)
    throw damaged(blob.sha256, `bytes ${from} to ${to}`, { from, to })
  }
  if (row.crc32 === null && !unchecked) await addChecksums(blob, query)
  return row.content
}

async function markDamaged (blob: StoredBlob, query: Query): Promise<void> {
  await query('UPDATE blobs SET damaged_at = now() WHERE upload_id = $1 AND damaged_at IS NULL', [blob.uploadId])
}

const adding = new WeakMap<StoredBlob, Promise<void>>()

/** Checks all of a blob by its hash, once for each `blob`, and gives its chunks their checksums. */
async function addChecksums (blob: StoredBlob, query: Query): Promise<void> {
  async function add (): Promise<void> {
    const checksums: number[] = []
    async function * chunks (): AsyncGenerator<Uint8Array> {
      for await (const chunk of piecesOf(blob, query, 0, blob.bytes)) {
        checksums.push(checksumOf(chunk))
        yield chunk
      }
    }
    const content = wholeOf(blob, query, chunks())
    while ((await content.next()).done !== true);
    await query('UPDATE blob_chunks SET crc32 = sums.crc32 FROM unnest($2::int[]) WITH ORDINALITY AS sums (crc32, number) WHERE upload_id = $1 AND position = sums.number - 1', [blob.uploadId, checksums])
  }
  const added = adding.get(blob) ?? add()
  adding.set(blob, added)
  await added
}

/** All of a blob, of which `content` are the chunks, checked by its hash. @throws `blob-damaged` */
export async function * wholeOf (blob: StoredBlob, query: Query, content = piecesOf(blob, query, 0, blob.bytes)): AsyncGenerator<Uint8Array> {
  try {
    yield * verified(content, blob.sha256, blob.bytes)
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'blob-damaged') await markDamaged(blob, query)
    throw error
  }
}

/** `read(offset, length)` over the blob; keeps the chunks used last. */
export function chunkReader (blob: StoredBlob, query: Query): (offset: number, length: number) => Promise<Uint8Array> {
  const cache = new Map<number, Promise<Uint8Array>>()

  function cached (position: number): Promise<Uint8Array> {
    const chunk = cache.get(position) ?? chunkOf(blob, query, position)
    cache.delete(position)
    cache.set(position, chunk) // a Map keeps the order of insertion: the first is the one used longest ago
    chunk.catch(() => { cache.delete(position) })
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHED_CHUNKS) break
      cache.delete(oldest)
    }
    return chunk
  }

  return async (offset, length) => {
    assertWithin(blob.bytes, offset, length)
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length;) {
      const position = Math.floor((offset + at) / blob.chunkBytes)
      const start = offset + at - position * blob.chunkBytes
      const part = (await cached(position)).subarray(start, start + length - at)
      if (part.byteLength === 0) throw noSuchBlob(blob.sha256)
      bytes.set(part, at)
      at += part.byteLength
    }
    return bytes
  }
}

/** Bytes [from, to) in order, a chunk at a time; the next chunk is fetched while one is being used. Of all bytes, chunks without checksums are not checked: their hash is. */
export async function * piecesOf (blob: StoredBlob, query: Query, from: number, to: number): AsyncGenerator<Uint8Array> {
  const all = from === 0 && to === blob.bytes
  const fetchAt = (position: number): Promise<Uint8Array> | null => position * blob.chunkBytes < to ? chunkOf(blob, query, position, all) : null
  let position = Math.floor(from / blob.chunkBytes)
  let next = from < to ? fetchAt(position) : null
  while (next !== null) {
    const chunk = await next
    const start = position * blob.chunkBytes
    next = fetchAt(++position)
    next?.catch(() => {}) // reported where it is awaited
    yield chunk.subarray(Math.max(0, from - start), Math.min(chunk.byteLength, to - start))
  }
}
