/** Checksums inside of HDF5 files, put right by what the reader says it computed, so that a change is looked at and not only noticed. */
import type { EspalierError } from '../../src/errors.ts'
import { little } from './containers/container.ts'

const MISMATCH = /the checksum does not match: stored \d+, computed (\d+)$/

/** The bytes with the checksum that the error complains of; undefined when it complains of something else. The error's offset is behind the checksum. */
export function withChecksum (bytes: Uint8Array, error: EspalierError): Uint8Array | undefined {
  const computed = MISMATCH.exec(error.message)?.[1]
  const { offset } = error.details
  if (computed === undefined || typeof offset !== 'number' || offset < 4 || offset > bytes.length) return undefined
  const repaired = bytes.slice()
  repaired.set(little(Number(computed), 4), offset - 4)
  return repaired
}
