/** A blob store whose operations and bytes are counted. */
import { EspalierError } from '../errors.ts'
import type { Blobs } from '../jobs/ports.ts'
import type { PROCESS_WIDE } from './metrics/definitions.ts'
import type { Metrics } from './metrics/registry.ts'

type Operation = 'put' | 'take' | 'open' | 'stream' | 'delete'

type Counts = Pick<Metrics<Record<never, never>>['of'], keyof typeof PROCESS_WIDE>

export function meteredBlobs (blobs: Blobs, { blobRead, blobWritten, blobOperations }: Counts): Blobs {
  async function counted<T> (operation: Operation, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      blobOperations.inc({ operation, outcome: 'ok' })
      return result
    } catch (error) {
      tell(operation, error)
      throw error
    }
  }

  /** That there is no such file is an answer. */
  function tell (operation: Operation, error: unknown): void {
    blobOperations.inc({ operation, outcome: error instanceof EspalierError && error.code === 'not-found' ? 'ok' : 'error' })
  }

  return {
    async put (content, limit, hold) {
      const stored = await counted('put', async () => await blobs.put(content, limit, hold))
      blobWritten.inc(stored.bytes)
      return stored
    },
    async take (place, known, hold) {
      const stored = await counted('take', async () => await blobs.take(place, known, hold))
      blobWritten.inc(stored.bytes)
      return stored
    },
    async open (sha256) {
      const opened = await counted('open', async () => await blobs.open(sha256))
      return {
        size: opened.size,
        ...(opened.owned === true && { owned: true as const }),
        async read (offset, length) {
          const bytes = await opened.read(offset, length)
          blobRead.inc(bytes.byteLength)
          return bytes
        },
        ...(opened.readInto && {
          async readInto (offset: number, target: Uint8Array) {
            await opened.readInto!(offset, target)
            blobRead.inc(target.byteLength)
          },
        }),
        close: async () => { await opened.close() },
      }
    },
    async * stream (sha256, range) {
      try {
        for await (const piece of blobs.stream(sha256, range)) {
          blobRead.inc(piece.byteLength)
          yield piece
        }
        blobOperations.inc({ operation: 'stream', outcome: 'ok' })
      } catch (error) {
        tell('stream', error)
        throw error
      }
    },
    delete: async (sha256) => await counted('delete', async () => await blobs.delete(sha256)),
    localPath: async (sha256) => await blobs.localPath(sha256),
    has: async (sha256) => await blobs.has(sha256),
    sweep: async (keep, olderThanMs) => await blobs.sweep(keep, olderThanMs),
    ping: async () => { await blobs.ping() },
    close: async () => { await blobs.close() },
  }
}
