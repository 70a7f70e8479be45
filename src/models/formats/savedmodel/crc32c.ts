/** CRC-32C (Castagnoli), in the masked form in which TensorFlow stores it. */
import { checksumOf } from '../../crc-table.ts'

/** Polynomial 0x82f63b78, the reflected 0x1edc6f41. Source: RFC 3720, appendix B.4. */
export const crc32c = checksumOf(0x82f63b78)

/** A checksum as it is stored: turned right by 15 bits, plus a constant. Source: tensorflow/core/lib/hash/crc32c.h, Mask. */
export function masked (crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
