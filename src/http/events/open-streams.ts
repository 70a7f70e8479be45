/** The streams that are open in this process: how many there may be, and what ends each. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../errors.ts'
import { principalOf } from '../principal.ts'
import type { KeyWatch } from './key-watch.ts'

export interface OpenStreams {
  /** Counts a stream until its connection closes. Gives a signal that aborts when the stream ought to end. @throws `too-many-streams` */
  open (request: FastifyRequest, reply: FastifyReply): AbortSignal
  /** Aborts when the server closes. */
  readonly closing: AbortSignal
}

export const MAX_STREAMS = 1000

/** After that a client comes again, and shows again who it is. */
const LONGEST_MS = 60 * 60 * 1000
const RETRY_AFTER_SECONDS = 10

/** A client that takes nothing for so long while there is something for it is cut off. */
const STUCK_MS = 30_000

export interface StreamLimits { readonly streams?: number, readonly stuckMs?: number, readonly longestMs?: number, readonly keysMs?: number }

/** Closing the server ends all streams at once, and the end of a key those that were opened with it. */
export function openStreams (app: FastifyInstance, keys: KeyWatch, { streams = MAX_STREAMS, stuckMs = STUCK_MS, longestMs = LONGEST_MS }: StreamLimits = {}): OpenStreams {
  const closing = new AbortController()
  const open = new Set<() => void>()
  app.addHook('preClose', async () => {
    closing.abort()
    for (const close of open) close()
  })

  return {
    closing: closing.signal,
    open (request, reply) {
      if (open.size >= streams) {
        reply.header('retry-after', String(RETRY_AFTER_SECONDS))
        throw new EspalierError('too-many-streams', `${streams} streams are open, which is as many as this server keeps; come again later, or ask with ?wait=`, { streams })
      }
      const { raw } = reply
      const stop = new AbortController()
      const end = (): void => { stop.abort() }
      const close = (): void => {
        end()
        // What a client does not take would keep the server from closing.
        if (raw.writableNeedDrain) raw.destroy()
      }
      open.add(close)
      const { key, session } = principalOf(request)
      const unwatches = [key, session?.hash ?? null].flatMap((id) => id === null ? [] : [keys.whileValid(id, end)])
      const timers = [setTimeout(end, longestMs), cutWhenStuck(reply, stuckMs)]
      raw.once('close', () => {
        open.delete(close)
        end()
        for (const unwatch of unwatches) unwatch()
        for (const timer of timers) clearTimeout(timer)
      })
      if (closing.signal.aborted || raw.destroyed) end()
      return stop.signal
    },
  }
}

/** Looks at what waits to be taken; the messages behind it are not made before it is. */
function cutWhenStuck ({ raw }: FastifyReply, stuckMs: number): NodeJS.Timeout {
  let since: number | undefined
  raw.on('drain', () => { since = undefined })
  return setInterval(() => {
    if (!raw.writableNeedDrain) since = undefined
    else if (since === undefined) since = performance.now()
    else if (performance.now() - since >= stuckMs) raw.destroy()
  }, stuckMs / 6)
}
