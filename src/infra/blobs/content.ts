/** What the blob stores share: checks of addresses, ranges and content. */
import { createHash, type Hash } from 'node:crypto'
import { EspalierError, type ErrorDetails } from '../../errors.ts'
import type { BlobRange } from '../../jobs/ports.ts'

/** Is this a sha256 as we write it? Anything else names no blob, and may never become part of a path. */
export function isAddress (sha256: string): boolean {
  return /^[0-9a-f]{64}$/.test(sha256)
}

export function noSuchBlob (sha256: string): EspalierError {
  return new EspalierError('not-found', `there is no stored file with sha256 ${sha256}`, { sha256 })
}

/** A stored file is not what was stored; `what` is what of it was found wrong. */
export function damaged (sha256: string, what: string, details: ErrorDetails = {}): EspalierError {
  return new EspalierError('blob-damaged', `the stored file ${sha256} is damaged: ${what} are not what was stored; restore it from a backup or upload it again`, { sha256, ...details })
}

/** The range asked for, or all. @throws `invalid-request` unless it lies within `bytes`. */
export function rangeWithin (bytes: number, range: BlobRange | undefined): BlobRange {
  const { from, to } = range ?? { from: 0, to: bytes }
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from || to > bytes) {
    throw new EspalierError('invalid-request', `bytes ${from} to ${to} were asked for; the file has ${bytes}`, { from, to, bytes })
  }
  return { from, to }
}

/** Counts and hashes what streams in. @throws `payload-too-large` past `limit` bytes. */
export class Meter {
  readonly #hash: Hash = createHash('sha256')
  readonly #limit: number
  bytes = 0

  constructor (limit = Infinity) {
    this.#limit = limit
  }

  add (chunk: Uint8Array): void {
    this.bytes += chunk.byteLength
    if (this.bytes > this.#limit) {
      throw new EspalierError('payload-too-large', `the file has more than the ${this.#limit} bytes that are allowed`, { limit: this.#limit })
    }
    this.#hash.update(chunk)
  }

  sha256 (): string {
    return this.#hash.digest('hex')
  }

  /** Was this all of the file with that address? @throws `blob-damaged` otherwise */
  verify (sha256: string, bytes: number): void {
    const found = this.sha256()
    if (this.bytes !== bytes || found !== sha256) throw damaged(sha256, `its ${bytes} bytes, which read as ${this.bytes} with sha256 ${found},`, { found })
  }
}

/** Passes `content` on and checks that it is what its address says, before its last chunk: whoever gets all of it got what was stored. @throws `blob-damaged` when it is not */
export async function * verified (content: AsyncIterable<Uint8Array>, sha256: string, bytes: number): AsyncGenerator<Uint8Array> {
  const meter = new Meter()
  let last: Uint8Array | undefined
  for await (const chunk of content) {
    if (last !== undefined) yield last
    meter.add(chunk)
    last = chunk
  }
  meter.verify(sha256, bytes)
  if (last !== undefined) yield last
}
