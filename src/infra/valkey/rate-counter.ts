/** The RateCounter port on Valkey: one number a key, gone with its window. */
import { Redis } from 'ioredis'
import type { RateCounter } from '../../jobs/tenant-ports.ts'
import { STEADY } from './connection.ts'

/** A request is not held up for longer than this by a Valkey that does not answer. */
const PATIENCE_MS = 250

const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`

export function createRateCounter (redisUrl: string, { prefix }: { prefix: string }): RateCounter {
  // Without a queue: while there is no connection a command fails at once.
  const redis = new Redis(redisUrl, { ...STEADY, enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: PATIENCE_MS, connectTimeout: PATIENCE_MS * 4 })
  redis.on('error', () => {}) // it reconnects; callers are told
  return {
    async hit (key, windowMs) {
      const [count, leftMs] = await redis.eval(COUNT, 1, `${prefix}:rate:${key}`, windowMs) as [number, number]
      return { count, leftMs }
    },
    async close () { redis.disconnect() },
  }
}
