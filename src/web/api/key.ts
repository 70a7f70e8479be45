/** The API key that this browser sends: for as long as the tab is open, or, when it is to be remembered, until it is forgotten. */
const NAME = 'espalier.key'
const changed = new EventTarget()
let needed = false

export interface KeyState {
  /** Was the last request without a right key refused? */
  readonly needed: boolean
  readonly has: boolean
}

let state: KeyState = { needed, has: storedKey() !== null }

export function storedKey (): string | null {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME)
}

export function keepKey (key: string, remember: boolean): void {
  forgetStored()
  ;(remember ? localStorage : sessionStorage).setItem(NAME, key)
  needed = false
  tell()
}

export function forgetKey (): void {
  forgetStored()
  tell()
}

/** Told by a request that was answered 401. */
export function keyWasRefused (): void {
  // Whoever waits for another key would ask again with the same one.
  if (needed) return
  needed = true
  tell()
}

export function keyState (): KeyState {
  return state
}

export function onKeyChange (listener: () => void): () => void {
  changed.addEventListener('change', listener)
  return () => { changed.removeEventListener('change', listener) }
}

function forgetStored (): void {
  sessionStorage.removeItem(NAME)
  localStorage.removeItem(NAME)
}

function tell (): void {
  state = { needed, has: storedKey() !== null }
  changed.dispatchEvent(new Event('change'))
}
