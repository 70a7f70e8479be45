/** A client of Server-Sent Events, by the rules of the HTML standard for what a stream means. Every wait has a limit, and says what had been told by then. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Told { readonly event: string, readonly id: string, readonly data: Record<string, unknown> & { readonly job: string, readonly state?: string } }

export interface EventClient {
  readonly status: number
  readonly headers: Headers
  /** What has come so far; `id` is the last one that was told with or before the message. */
  readonly told: readonly Told[]
  /** Everything, as it came. */
  text (): string
  lastEventId (): string
  /** Waits until the messages are as wanted. */
  until (what: string, reached: (told: readonly Told[]) => boolean, ms?: number): Promise<readonly Told[]>
  /** Waits until the stream has ended, however it did; `why` says what it is to end after. */
  untilEnded (why: string, ms?: number): Promise<void>
  close (): void
}

/** A machine that is busy with other tests takes its time. */
const PATIENCE_MS = 30_000

export async function watch (url: string, headers: Record<string, string> = {}): Promise<EventClient> {
  const stop = new AbortController()
  const begun = setTimeout(() => { stop.abort(new Error(`no answer from ${url} within ${PATIENCE_MS} ms`)) }, PATIENCE_MS)
  const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: stop.signal }).finally(() => { clearTimeout(begun) })
  const told: Told[] = []
  let [all, rest, id, hasEnded] = ['', '', '', false]

  function take (block: string): void {
    let [event, data] = ['message', '']
    for (const line of block.split('\n')) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)!
      if (field === 'event') event = value!
      if (field === 'data') data += value
      if (field === 'id') id = value!
    }
    if (data !== '') told.push({ event, id, data: JSON.parse(data) })
  }

  const ended = (async () => {
    const decoder = new TextDecoder()
    for await (const piece of answer.body ?? []) {
      const text = decoder.decode(piece as Uint8Array, { stream: true })
      all += text
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop()!
      blocks.forEach(take)
    }
  })().catch(() => {}).finally(() => { hasEnded = true })

  const missed = (what: string, ms: number): never => {
    // Whoever fails here closes nothing any more: an open stream would keep the process of the test.
    stop.abort()
    return assert.fail(`not within ${ms} ms: ${what}; ${url} ${hasEnded ? 'has ended' : 'is open'} and told ${JSON.stringify(told)}`)
  }

  return {
    status: answer.status,
    headers: answer.headers,
    told,
    text: () => all,
    lastEventId: () => id,
    async until (what, reached, ms = PATIENCE_MS) {
      for (const end = Date.now() + ms; ; await sleep(10)) {
        // Nothing comes behind its end.
        const last = hasEnded || Date.now() >= end
        if (reached(told)) return told
        if (last) return missed(what, ms)
      }
    },
    async untilEnded (why, ms = PATIENCE_MS) {
      const timer = new AbortController()
      await Promise.race([ended, sleep(ms, undefined, { signal: timer.signal }).catch(() => {})])
      timer.abort()
      if (!hasEnded) missed(`the end of the stream, as ${why}`, ms)
    },
    close: () => { stop.abort() },
  }
}
