/** What the tus server keeps uploads in: rows of one tenant, with pieces that are blobs, whatever store those lie in. */
import type { Readable } from 'node:stream'
import { DataStore, Upload } from '@tus/server'
import { EspalierError } from '../../../errors.ts'
import type { Blobs, Catalogs, TenantCatalog } from '../../../jobs/ports.ts'
import { MAX_PARTS, type UploadRow } from '../../../jobs/uploads.ts'
import { holding } from '../../../jobs/use-cases/holding.ts'
import { piecesOf } from './pieces.ts'

/** A crash costs what came of one piece. Stores hold one in memory, and S3 takes one of this size at once. */
const PIECE_BYTES = 8 * 2 ** 20

/** What an S3 store and others charge for is requests: a large upload has larger pieces, and half of those that it may have are for interruptions. */
export function pieceBytes (bytes: number): number {
  return Math.max(PIECE_BYTES, Math.ceil(bytes / (MAX_PARTS / 2)))
}

export interface TusStoreOptions {
  readonly catalog: Catalogs
  readonly mine: TenantCatalog
  readonly blobs: Blobs
  /** How long an upload lives after its last piece. */
  readonly keepMs: number
}

export function createTusStore ({ catalog, mine, blobs, keepMs }: TusStoreOptions): DataStore {
  async function find (id: string): Promise<UploadRow> {
    const upload = await mine.upload(id)
    if (upload === null) throw new EspalierError('not-found', `there is no upload ${id}`, { id })
    return upload
  }

  return new class extends DataStore {
    override extensions = ['creation', 'expiration', 'termination']

    override async create (upload: Upload): Promise<Upload> {
      if (upload.size === undefined || !Number.isSafeInteger(upload.size) || upload.size === 0) {
        throw new EspalierError('invalid-request', 'Upload-Length: must be a number of bytes, at least 1')
      }
      const { id, expiresAt } = await mine.createUpload({ bytes: upload.size, metadata: upload.metadata ?? {} }, keepMs)
      upload.id = id
      upload.creation_date = birthOf(expiresAt)
      return upload
    }

    override async getUpload (id: string): Promise<Upload> {
      const { bytes, received, metadata, expiresAt } = await find(id)
      return new Upload({ id, size: bytes, offset: received, creation_date: birthOf(expiresAt), ...(Object.keys(metadata).length > 0 && { metadata }) })
    }

    /** Each piece is kept before the next is read. Of a client that goes away all that came is kept. */
    override async write (content: Readable, id: string, offset: number): Promise<number> {
      const size = pieceBytes((await find(id)).bytes)
      const pieces = piecesOf(content as AsyncIterable<Uint8Array>)
      let at = offset
      while (await pieces.more()) {
        const held = holding({ catalog, blobs })
        try {
          at = await mine.addUploadPart(id, { position: at, ...await held.blobs.put(pieces.take(size)) }, keepMs)
        } finally {
          await held.letGo().catch(() => {})
        }
      }
      if (pieces.failure() !== undefined) throw pieces.failure()
      return at
    }

    override async remove (id: string): Promise<void> {
      if (!await mine.deleteUpload(id)) throw new EspalierError('not-found', `there is no upload ${id}`, { id })
    }

    override getExpiration (): number {
      return keepMs
    }
  }()

  /** The server counts from an upload's beginning; here its life begins again with every piece. */
  function birthOf (expiresAt: Date): string {
    return new Date(expiresAt.getTime() - keepMs).toISOString()
  }
}
