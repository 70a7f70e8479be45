/** One connection that LISTENs on a channel, made anew whenever it is lost. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface ListenHandlers {
  heard (payload: string): void
  /** From now on everything is heard, until `down`. */
  up (): void
  down (): void
}

export interface ListenOptions {
  /** How often it is made sure that what is told is heard, milliseconds. */
  readonly checkMs?: number
  /** How long it may take until it is heard. */
  readonly echoMs?: number
}

const CONNECT_TIMEOUT_MS = 3000
/** A connection may be dead without a word of it, and a pooler in between may take LISTEN and pass nothing on: only an echo proves that it hears. */
const CHECK_MS = 15_000
const ECHO_MS = 5000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

export function listen (databaseUrl: string, channel: string, handlers: ListenHandlers, { checkMs = CHECK_MS, echoMs = ECHO_MS }: ListenOptions = {}): { close (): Promise<void> } {
  const closing = new AbortController()
  const { signal } = closing
  let stop = (): void => {}
  const pause = async (ms: number): Promise<void> => { await sleep(ms, undefined, { signal }).catch(() => {}) }

  /** Resolves when the connection is lost or does not hear; rejects when there is none. */
  async function hear (): Promise<void> {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true })
    const lost = new Promise<false>((resolve) => {
      for (const event of ['error', 'end'] as const) client.on(event, () => resolve(false))
      stop = () => resolve(false)
    })
    let echoed: ((heard: true) => void) | undefined
    const echo = `echo ${randomUUID()}`
    client.on('notification', ({ payload = '' }) => {
      if (payload === echo) echoed?.(true)
      else if (!payload.startsWith('echo ')) handlers.heard(payload)
    })
    const hears = async (): Promise<boolean> => {
      const timer = new AbortController()
      const heard = new Promise<true>((resolve) => { echoed = resolve })
      client.query('SELECT pg_notify($1, $2)', [channel, echo]).catch(() => {})
      try {
        return await Promise.race([heard, lost, sleep(echoMs, false, { signal: timer.signal })])
      } finally {
        timer.abort()
      }
    }
    let isUp = false
    try {
      await client.connect()
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`)
      while (!signal.aborted && await hears()) {
        if (!isUp) handlers.up()
        isUp = true
        const timer = new AbortController()
        await Promise.race([lost, sleep(checkMs, undefined, { signal: timer.signal }).catch(() => {})])
        timer.abort()
      }
    } finally {
      if (isUp) handlers.down()
      // A dead connection does not say good-bye: nobody waits for it.
      await Promise.race([client.end().catch(() => {}), sleep(500, undefined, { ref: false })])
    }
  }

  const running = (async () => {
    for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(wait * 2, LONGEST_PAUSE_MS)) {
      const since = performance.now()
      await hear().catch(() => {})
      if (performance.now() - since > checkMs) wait = FIRST_PAUSE_MS
      await pause(wait)
    }
  })()

  return {
    async close () {
      closing.abort()
      stop()
      await running
    },
  }
}
