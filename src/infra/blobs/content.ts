/** What both blob stores share: checks of addresses, ranges and content. */
import { createHash, type Hash } from 'node:crypto'
import { EspalierError } from '../../errors.ts'
import type { BlobRange } from '../../jobs/ports.ts'

/** Is this a sha256 as we write it? Anything else names no blob, and may never become part of a path. */
export function isAddress (sha256: string): boolean {
  return /^[0-9a-f]{64}$/.test(sha256)
}

export function noSuchBlob (sha256: string): EspalierError {
  return new EspalierError('not-found', `there is no stored file with sha256 ${sha256}`, { sha256 })
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
}

/** Passes `content` on and checks at its end that it is what its address says. @throws `internal` when it is not. */
export async function * verified (content: AsyncIterable<Uint8Array>, sha256: string, bytes: number): AsyncGenerator<Uint8Array> {
  const meter = new Meter()
  for await (const chunk of content) {
    meter.add(chunk)
    yield chunk
  }
  const found = meter.sha256()
  if (meter.bytes !== bytes || found !== sha256) {
    throw new EspalierError('internal', `the stored file ${sha256} is damaged: it reads as ${found}; restore it from a backup or upload it again`, { sha256, found })
  }
}
