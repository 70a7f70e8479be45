/** Reads the chunks of a blob in Postgres: anywhere with a small cache, or in order with one chunk ahead. */
import type pg from 'pg'
import { assertWithin } from '../../models/bytes.ts'
import { noSuchBlob } from './content.ts'

export interface StoredBlob { readonly sha256: string, readonly bytes: number, readonly chunkBytes: number, readonly uploadId: string }
export type Query = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<pg.QueryResult<Row>>

/** Enough for a parser that reads a directory at the end and data at two places in turn. */
const CACHED_CHUNKS = 4

async function chunkOf (blob: StoredBlob, query: Query, position: number): Promise<Uint8Array> {
  const { rows: [row] } = await query<{ content: Buffer }>('SELECT content FROM blob_chunks WHERE upload_id = $1 AND position = $2', [blob.uploadId, position])
  if (row === undefined) throw noSuchBlob(blob.sha256) // deleted while it was open
  return row.content
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

/** Bytes [from, to) in order, a chunk at a time; the next chunk is fetched while one is being used. */
export async function * piecesOf (blob: StoredBlob, query: Query, from: number, to: number): AsyncGenerator<Uint8Array> {
  const fetchAt = (position: number): Promise<Uint8Array> | null => position * blob.chunkBytes < to ? chunkOf(blob, query, position) : null
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
