/** A worker's own line in the list of workers: written when something of it changes, and every few seconds. */
import { BEAT_MS, type WorkerFacts } from '../jobs/fleet.ts'
import type { Catalog } from '../jobs/ports.ts'
import { repeat } from './repeat.ts'

export interface Presence {
  /** Something changed. Never rejects: what could not be written is written with the next beat. */
  tell (): Promise<void>
  /** Takes the line out, for good. */
  leave (): Promise<void>
}

export function announcePresence (catalog: Pick<Catalog, 'beat' | 'left'>, facts: () => WorkerFacts, onTrouble: (error: unknown) => void): Presence {
  let left = false
  let writing: Promise<void> = Promise.resolve()

  /** One after the other: the line says what was true last. */
  function tell (): Promise<void> {
    writing = writing.then(async () => { if (!left) await catalog.beat(facts()) }).catch(onTrouble)
    return writing
  }

  const timer = repeat(BEAT_MS, tell, onTrouble)
  return {
    tell,
    async leave () {
      left = true
      await timer.stop()
      await writing
      await catalog.left(facts().id).catch(onTrouble)
    },
  }
}
