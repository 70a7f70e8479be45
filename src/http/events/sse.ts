/** Messages as Server-Sent Events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../errors.ts'
import type { StreamMessage } from '../../jobs/use-cases/stream-events.ts'

/** A comment is sent when nothing else was for so long: proxies close connections on which nothing moves, often after 30 or 60 s. */
export const BEAT_MS = 15_000

/** How long a client waits before it connects again. */
const RETRY_MS = 2000

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // nginx holds answers back otherwise.
  'x-accel-buffering': 'no',
  // A connection that was a stream is not used again, so that closing the server has none to wait for.
  connection: 'close',
} as const

/** What a client has told as the id of its last event: the header, which browsers send by themselves, or the query, for the first connection of one. Undefined without. */
export function lastEventId ({ headers, query }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'] ?? (query as { lastEventId?: string }).lastEventId
  if (Array.isArray(id)) throw new EspalierError('invalid-request', 'Last-Event-ID: must be given once')
  return id === '' ? undefined : id
}

/** For GET and HEAD. `messages` is asked for the next one only when the client has taken those before. */
export async function sendEvents (request: FastifyRequest, reply: FastifyReply, messages: () => AsyncGenerator<StreamMessage>, beatMs = BEAT_MS): Promise<FastifyReply> {
  reply.headers(HEADERS)
  if (request.method === 'HEAD') return await reply.send()
  return await reply.send(Readable.from(texts(messages(), beatMs), { objectMode: false }))
}

async function * texts (messages: AsyncGenerator<StreamMessage>, beatMs: number): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`
  let next: ReturnType<typeof messages.next> | undefined
  try {
    for (;;) {
      next ??= messages.next()
      const got = await within(beatMs, next)
      if (got !== null) next = undefined
      if (got?.done === true) return
      yield got === null ? ':\n\n' : textOf(got.value)
    }
  } finally {
    next?.catch(() => {})
    void messages.return(undefined).catch(() => {})
  }
}

/** What comes within that time, else null. */
async function within<T> (ms: number, coming: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => { timer = setTimeout(resolve, ms, null) })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}

/** JSON has no line breaks of its own: one line of data. */
function textOf ({ event, id, data }: StreamMessage): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
