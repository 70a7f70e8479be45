/** A stream of events that stays open: behind the last event that came, until it is told to end. */
import { EventParser } from './sse-parser.ts'
import { onSessionChange, wasRefused } from './session.ts'

export interface StreamMessage { readonly event: string, readonly id: string, readonly data: unknown }
export type StreamState = 'connecting' | 'open' | 'waiting' | 'ended'

export interface StreamOptions {
  readonly onMessage: (message: StreamMessage) => void
  readonly onState?: (state: StreamState) => void
}

const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000
/** Answers on which asking again makes no sense: there is nothing, or never will be. */
const FINAL = new Set([204, 400, 403, 404])

/** Opens it and gives what ends it. */
export function openEventStream (path: string, { onMessage, onState = () => {} }: StreamOptions): () => void {
  const stop = new AbortController()
  void keepOpen(path, stop.signal, onMessage, onState)
  return () => { stop.abort() }
}

async function keepOpen (path: string, signal: AbortSignal, onMessage: (message: StreamMessage) => void, onState: (state: StreamState) => void): Promise<void> {
  let lastId = ''
  let shortest = SHORTEST_PAUSE_MS
  let pause = shortest
  const take = (message: StreamMessage): void => {
    lastId = message.id
    pause = shortest
    onMessage(message)
  }
  const onRetry = (ms: number): void => { shortest = pause = Math.min(LONGEST_PAUSE_MS, ms) }
  while (!signal.aborted) {
    onState('connecting')
    const status = await readOnce({ path, lastId, signal, take, onOpen: () => { onState('open') }, onRetry }).catch(() => 0)
    if (signal.aborted) return
    if (FINAL.has(status)) return onState('ended')
    onState('waiting')
    if (status === 401) {
      wasRefused()
      await sessionChange(signal)
      continue
    }
    await sleep(pause * (0.75 + Math.random() / 2), signal)
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
  }
}

interface Reading {
  readonly path: string
  readonly lastId: string
  readonly signal: AbortSignal
  readonly take: (message: StreamMessage) => void
  readonly onOpen: () => void
  /** Told when the server says how long to wait before the stream is opened again. */
  readonly onRetry: (ms: number) => void
}

/** Reads until the stream ends. Gives the status of the answer. */
async function readOnce ({ path, lastId, signal, take, onOpen, onRetry }: Reading): Promise<number> {
  const answer = await fetch(path, {
    headers: { accept: 'text/event-stream', ...(lastId !== '' && { 'last-event-id': lastId }) },
    signal,
    cache: 'no-store',
  })
  if (answer.status !== 200 || answer.body === null) return answer.status
  onOpen()
  const parser = new EventParser()
  parser.lastId = lastId
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return 200
    const known = parser.retryMs
    const events = parser.push(value)
    if (parser.retryMs !== undefined && parser.retryMs !== known) onRetry(parser.retryMs)
    for (const { event, data, id } of events) take({ event, id, data: JSON.parse(data) })
  }
}

async function sleep (ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => { clearTimeout(end); resolve() }, { once: true })
  })
}

async function sessionChange (signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = onSessionChange(() => { end(); resolve() })
    signal.addEventListener('abort', () => { end(); resolve() }, { once: true })
  })
}
