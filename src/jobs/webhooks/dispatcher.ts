/** Sends what is due, until it is closed. Any number of dispatchers share one outbox. */
import { messageOf } from './message.ts'
import { outcomeOf } from './outcome.ts'
import type { ClaimedDelivery, SendAnswer, WebhookOutbox, WebhookSender } from './ports.ts'
import { fullOnes, ROOM, thatFit, type Room } from './room.ts'

/** Far above the time limit of a try: who has not recorded by then is gone. */
const LEASE_MS = 30_000
const POLL_MS = 1000
const GRACE_MS = 3000

/** Unsigned nothing is sent. */
const UNREADABLE: SendAnswer = { status: null, error: 'the secret of the webhook cannot be read, as the key it is encrypted with is gone; rotate the secret', retryAfterMs: null, response: null, durationMs: 0 }

export interface DispatcherOptions {
  readonly outbox: WebhookOutbox
  readonly sender: WebhookSender
  /** Of this program, told to receivers. */
  readonly version: string
  readonly onTrouble: (error: unknown) => void
  readonly room?: Room
  /** How often it looks when nothing is under way, milliseconds. */
  readonly pollMs?: number
  readonly leaseMs?: number
  /** How long `close` waits for answers before it gives them up; those are sent again. */
  readonly graceMs?: number
  readonly random?: () => number
}

export interface Dispatcher { close (): Promise<void> }

export function startDispatcher (options: DispatcherOptions): Dispatcher {
  const { outbox, sender, version, onTrouble, room = ROOM, pollMs = POLL_MS, leaseMs = LEASE_MS, graceMs = GRACE_MS, random = Math.random } = options
  const underWay = new Map<ClaimedDelivery, Promise<void>>()
  const givenUp = new AbortController()
  let closed = false
  let nudged = false
  let wake = (): void => {}

  async function deliver (claim: ClaimedDelivery): Promise<void> {
    const answer = claim.secrets.length === 0 ? UNREADABLE : await sender.send(claim.url, messageOf(claim, Date.now(), version), givenUp.signal)
    // That this process ends is no fault of the receiver.
    const outcome = givenUp.signal.aborted && answer.status === null ? { state: 'pending' as const, waitMs: 0, answer } : outcomeOf(answer, claim.tries, random())
    await outbox.recordDelivery(claim, outcome)
  }

  /** Takes as much as there is room for. */
  async function begin (): Promise<void> {
    const places = [...underWay.keys()].map(({ webhook }) => webhook)
    const limit = room.all - places.length
    if (limit <= 0) return
    const due = thatFit(await outbox.dueWebhooks({ limit, ...fullOnes(places, room) }), places, room)
    if (due.length === 0) return
    for (const claim of await outbox.claimDeliveries(due.map(({ id }) => id), leaseMs)) {
      underWay.set(claim, deliver(claim).catch(onTrouble).finally(() => {
        underWay.delete(claim)
        nudge()
      }))
    }
  }

  /** Looks again at once: a webhook whose delivery has ended may have another one. */
  function nudge (): void {
    nudged = true
    wake()
  }

  async function run (): Promise<void> {
    while (!closed) {
      nudged = false
      await begin().catch(onTrouble)
      if (nudged || closed) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => { clearTimeout(timer); resolve() }
      })
    }
  }

  const running = run()
  return {
    async close () {
      closed = true
      wake()
      await running
      const timer = setTimeout(() => { givenUp.abort() }, graceMs)
      await Promise.all(underWay.values())
      clearTimeout(timer)
    },
  }
}
