/** A Valkey key prefix of its own for a test file. */
import { randomBytes } from 'node:crypto'
import { addresses } from './addresses.ts'

export function freshPrefix (): { url: string, prefix: string } {
  return { url: addresses.redisUrl, prefix: `t${randomBytes(6).toString('hex')}` }
}
