/** Limits how often one key, or one address without a key, may ask: by the minute, over all API processes. */
import rateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor, type RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { EspalierError } from '../../errors.ts'
import type { RateCounter } from '../../jobs/tenant-ports.ts'
import { clientAddress } from '../client-address.ts'
import { ENVIRONMENT } from '../principal.ts'

const WINDOW_MS = 60_000
/** Wrong keys from one address; a right one is let in all the same. */
const REFUSALS = 60

export interface Rates {
  /** Requests in a minute. */
  readonly perMinute: number
  /** Absent: this process counts for itself. */
  readonly counter?: RateCounter
}

/** Call before the routes of a scope are added. Gives what counts a refusal of a request. @throws `rate-limited` */
export async function limitRates (app: FastifyInstance, { perMinute, counter }: Rates): Promise<(request: FastifyRequest) => Promise<void>> {
  await app.register(rateLimit, {
    max: perMinute,
    timeWindow: WINDOW_MS,
    enableDraftSpec: true,
    // A limit that cannot be counted holds nobody up.
    skipOnError: true,
    keyGenerator: keyOf,
    errorResponseBuilder: (_request, { ttl }) => tooMany(`the key or address has made more than ${perMinute} requests within a minute`, perMinute, ttl),
    ...(counter !== undefined && { store: storeOn(counter) }),
  } satisfies RateLimitPluginOptions)
  const refusals = app.createRateLimit({ max: REFUSALS, timeWindow: WINDOW_MS, keyGenerator: (request) => `refused ${clientAddress(request)}` })
  return async (request) => {
    const counted = await refusals(request)
    if (!counted.isAllowed && counted.isExceeded) throw tooMany(`${clientAddress(request)} has sent more than ${REFUSALS} requests without a right key within a minute`, REFUSALS, counted.ttl)
  }
}

function tooMany (why: string, limit: number, ttl: number): EspalierError {
  const retryAfter = Math.max(1, Math.ceil(ttl / 1000))
  return new EspalierError('rate-limited', `${why}; come again in ${retryAfter} s`, { limit, retryAfter })
}

function keyOf (request: FastifyRequest): string {
  const { principal } = request
  return principal?.key ?? (principal?.actor === ENVIRONMENT ? ENVIRONMENT : clientAddress(request))
}

/** The counter as the store that the limiter asks for: it makes one itself, hence a class. */
function storeOn (counter: RateCounter): FastifyRateLimitStoreCtor {
  return class implements FastifyRateLimitStore {
    incr (key: string, callback: (error: Error | null, result?: { current: number, ttl: number }) => void, timeWindow = WINDOW_MS): void {
      counter.hit(key, timeWindow).then(({ count, leftMs }) => callback(null, { current: count, ttl: leftMs }), callback)
    }

    child (): FastifyRateLimitStore {
      return this
    }
  }
}
