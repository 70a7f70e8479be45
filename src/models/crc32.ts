/** CRC-32 as zip and gzip use it (polynomial 0xedb88320). Source: RFC 1952, section 8. */
import { checksumOf } from './crc-table.ts'

export const crc32 = checksumOf(0xedb88320)
