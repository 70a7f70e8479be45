/** The session of this browser: a key is shown once, what is kept of it is a cookie that no script reads, and in memory the token that changes need. */
import { Problem } from './problem.ts'

interface Session { readonly csrfToken: string | null, readonly expiresAt: string | null }

export interface SessionState {
  /** Was the last request refused, and nothing has opened the API since? */
  readonly needed: boolean
  /** Is there a session? Without one nothing needs a key, or nothing is let in. */
  readonly has: boolean
}

const ADDRESS = '/v1/session'
const changed = new EventTarget()
let state: SessionState = { needed: false, has: false }
let token: string | null = null
/** What the server says of the cookie that there is; asked once. */
let known: Promise<void> | null = null

export function sessionState (): SessionState {
  return state
}

export function onSessionChange (listener: () => void): () => void {
  changed.addEventListener('change', listener)
  return () => { changed.removeEventListener('change', listener) }
}

/** Ends when it is known whether this browser has a session. */
export async function sessionKnown (): Promise<void> {
  known ??= ask()
  await known
}

/** Before a change is sent again: another page of this browser may have begun another session. Is the token another one? */
export async function askAnew (): Promise<boolean> {
  const before = token
  known = ask()
  await known
  return token !== before
}

/** The header that changes bear. */
export async function changeHeaders (): Promise<Record<string, string>> {
  await sessionKnown()
  return token === null ? {} : { 'x-csrf-token': token }
}

/** @throws Problem when the key is not a right one */
export async function beginSession (key: string, remember: boolean): Promise<void> {
  const answer = await fetch(ADDRESS, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify({ key, remember }) })
    .catch((error: unknown) => { throw Problem.from(error) })
  if (!answer.ok) throw await Problem.of(answer)
  take(await answer.json() as Session)
  known = Promise.resolve()
  tell({ needed: false, has: true })
}

/** Nothing of what the key showed stays in the page. */
export async function endSession (): Promise<void> {
  await fetch(ADDRESS, { method: 'DELETE', headers: await changeHeaders() }).catch(() => {})
  location.reload()
}

/** Told by a request that was answered 401. */
export function wasRefused (): void {
  // Whoever waits for another session would ask again with the same one.
  if (state.needed) return
  token = null
  tell({ needed: true, has: false })
}

async function ask (): Promise<void> {
  const answer = await fetch(ADDRESS, { headers: { accept: 'application/json' }, cache: 'no-store' }).catch(() => null)
  if (answer?.status === 401) return wasRefused()
  // It is asked again by the next change.
  if (answer?.ok !== true) {
    known = null
    return
  }
  take(await answer.json() as Session)
  if (state.has !== (token !== null)) tell({ ...state, has: token !== null })
}

function take ({ csrfToken }: Session): void {
  token = csrfToken
}

function tell (next: SessionState): void {
  state = next
  changed.dispatchEvent(new Event('change'))
}
