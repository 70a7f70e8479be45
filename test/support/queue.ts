/** A Valkey key prefix of its own for a test file. */
import { randomBytes } from 'node:crypto'

export function freshPrefix (): { url: string, prefix: string } {
  return { url: process.env['REDIS_URL'] ?? '', prefix: `t${randomBytes(6).toString('hex')}` }
}
