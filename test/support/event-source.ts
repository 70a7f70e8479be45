/** A client of Server-Sent Events, by the rules of the HTML standard for what a stream means. */
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
  /** Resolves when the stream has ended, however it did. */
  readonly ended: Promise<void>
  /** Waits until the messages are as wanted. */
  until (what: string, reached: (told: readonly Told[]) => boolean, ms?: number): Promise<readonly Told[]>
  close (): void
}

export async function watch (url: string, headers: Record<string, string> = {}): Promise<EventClient> {
  const stop = new AbortController()
  const answer = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: stop.signal })
  const told: Told[] = []
  let [all, rest, id] = ['', '', '']

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
  })().catch(() => {})

  return {
    status: answer.status,
    headers: answer.headers,
    told,
    text: () => all,
    lastEventId: () => id,
    ended,
    async until (what, reached, ms = 15_000) {
      for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) if (reached(told)) return told
      assert.fail(`not within ${ms} ms: ${what}; told was ${JSON.stringify(told)}`)
    },
    close: () => { stop.abort() },
  }
}
