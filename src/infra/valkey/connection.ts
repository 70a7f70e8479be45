/** Connections to Valkey that come back by themselves and never bring the process down. */
import { Redis, type RedisOptions } from 'ioredis'
import { EspalierError } from '../../errors.ts'

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 1000

/** Reconnects for ever; commands wait for the connection, whoever sends them sets the limit. */
export const STEADY = {
  maxRetriesPerRequest: null,
  retryStrategy: (times: number) => Math.min(FIRST_RETRY_MS * times, LONGEST_RETRY_MS),
} satisfies RedisOptions

/** A connection of our own, beside those of BullMQ. */
export function connect (redisUrl: string): Redis {
  const redis = new Redis(redisUrl, STEADY)
  redis.on('error', () => {}) // it reconnects; those who wait for an answer are told by `within`
  return redis
}

/** The result of `work`, or `unavailable` after `patienceMs`. What was sent may still take place later. */
export async function within<T> (patienceMs: number, work: Promise<T>): Promise<T> {
  work.catch(() => {}) // may reject after the time is up
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((resolve, reject) => {
    timer = setTimeout(() => {
      reject(new EspalierError('unavailable', 'Valkey does not answer; check that it runs and that REDIS_URL points at it'))
    }, patienceMs)
  })
  try {
    return await Promise.race([work, late])
  } catch (thrown) {
    throw EspalierError.from(thrown, 'unavailable')
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for `work`, but not longer than `limitMs`, and swallows its failure: for closing what may already be gone. */
export async function atMost (limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work.catch(() => {}), new Promise<void>((resolve) => { timer = setTimeout(resolve, limitMs) })])
  clearTimeout(timer)
}
