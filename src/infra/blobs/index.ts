/** The blob store that the configuration names. */
import path from 'node:path'
import type { Config } from '../../config.ts'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'
import { createFileBlobs } from './files.ts'
import { createPostgresBlobs } from './postgres.ts'

/** `patience` is how long to wait for a store that went away, milliseconds. @throws `invalid-configuration` when a store lacks its settings */
export async function createBlobs ({ blobs, databaseUrl, home, s3 }: Config, { patience = 0 } = {}): Promise<Blobs> {
  switch (blobs) {
    case 'files': return createFileBlobs(path.join(home, 'blobs'))
    case 'postgres':
      if (databaseUrl === undefined) throw new EspalierError('invalid-configuration', 'ESPALIER_BLOBS is postgres and DATABASE_URL is missing')
      return createPostgresBlobs(databaseUrl, { patience })
    case 's3': {
      if (s3 === undefined) throw new EspalierError('invalid-configuration', 'ESPALIER_BLOBS is s3 and ESPALIER_S3_BUCKET is missing')
      // Only those who use it pay for loading the SDK.
      const { createS3Blobs } = await import('./s3.ts')
      return createS3Blobs(s3, { patience })
    }
  }
}
