/** A stream of events that stays open: with the key, behind the last event that came, until it is told to end. */
import { EventParser } from './sse-parser.ts'
import { keyWasRefused, onKeyChange } from './key.ts'
import { authorization } from './request.ts'

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
  let pause = SHORTEST_PAUSE_MS
  const take = (message: StreamMessage): void => {
    lastId = message.id
    pause = SHORTEST_PAUSE_MS
    onMessage(message)
  }
  while (!signal.aborted) {
    onState('connecting')
    const status = await readOnce(path, lastId, signal, take, () => { onState('open') }).catch(() => 0)
    if (signal.aborted) return
    if (FINAL.has(status)) return onState('ended')
    onState('waiting')
    if (status === 401) {
      keyWasRefused()
      await keyChange(signal)
      continue
    }
    await sleep(pause * (0.75 + Math.random() / 2), signal)
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2)
  }
}

/** Reads until the stream ends. Gives the status of the answer. */
async function readOnce (path: string, lastId: string, signal: AbortSignal, take: (message: StreamMessage) => void, onOpen: () => void): Promise<number> {
  const answer = await fetch(path, {
    headers: { accept: 'text/event-stream', ...authorization(), ...(lastId !== '' && { 'last-event-id': lastId }) },
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
    for (const { event, data, id } of parser.push(value)) take({ event, id, data: JSON.parse(data) })
  }
}

async function sleep (ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => { clearTimeout(end); resolve() }, { once: true })
  })
}

async function keyChange (signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = onKeyChange(() => { end(); resolve() })
    signal.addEventListener('abort', () => { end(); resolve() }, { once: true })
  })
}
