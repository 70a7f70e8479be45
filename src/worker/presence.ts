/** A worker's own line in the list of workers: written when something of it changes, and every few seconds. */
import { BEAT_MS, type WorkerFacts } from '../jobs/fleet.ts'
import type { Catalog } from '../jobs/ports.ts'
import { repeat } from './repeat.ts'

export interface Presence {
  /** Something changed. Never rejects: what could not be written is written with the next beat. */
  tell (): Promise<void>
  /** Takes the line out. */
  leave (): Promise<void>
}

export function announcePresence (catalog: Pick<Catalog, 'beat' | 'left'>, facts: () => WorkerFacts, onTrouble: (error: unknown) => void): Presence {
  const beat = async (): Promise<void> => { await catalog.beat(facts()) }
  const timer = repeat(BEAT_MS, beat, onTrouble)
  return {
    tell: async () => { await beat().catch(onTrouble) },
    async leave () {
      await timer.stop()
      await catalog.left(facts().id).catch(onTrouble)
    },
  }
}
