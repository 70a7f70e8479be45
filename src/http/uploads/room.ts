/** Where the files of a request go, and how large they may be: what the service takes, and what is left of the tenant's quota. */
import type { FastifyRequest } from 'fastify'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'
import { quotaExceeded } from '../../jobs/quotas.ts'
import { holding } from '../../jobs/use-cases/holding.ts'
import { idempotencyKey } from '../answers.ts'
import type { Dependencies } from '../dependencies.ts'
import { tenantOf } from '../principal.ts'
import type { Store } from './receive.ts'

/** Does `work` with a store whose new files stay until it has ended; then those that no row refers to go, after the answer. */
export async function withHeld<T> (request: FastifyRequest, dependencies: Dependencies, work: (blobs: Blobs) => Promise<T>): Promise<T> {
  const held = holding(dependencies)
  try {
    return await work(held.blobs)
  } finally {
    request.server.remover.after(held.letGo())
  }
}

/** The same with room for the files of a request. @throws what `roomFor` and `work` do */
export async function withRoom<T> (request: FastifyRequest, dependencies: Dependencies, kind: 'models' | 'datasets' | undefined, work: (store: Store) => Promise<T>): Promise<T> {
  return await withHeld(request, dependencies, async (blobs) => await work(await roomFor(request, { ...dependencies, blobs }, kind)))
}

/**
 * Where the files of a request go. The quotas are looked at before anything is read, and hold when the row is made: whether a file was there before,
 * of this tenant or another, changes nothing. @throws `quota-exceeded`
 */
async function roomFor (request: FastifyRequest, { catalog, blobs, limits }: Dependencies, kind?: 'models' | 'datasets'): Promise<Store> {
  // It may be the repetition of one that was done: it is read, and only a new one is refused.
  if (idempotencyKey(request) !== undefined) return { blobs, limit: limits.uploadBytes }
  const mine = catalog.of(tenantOf(request))
  const left = await mine.room(kind)
  if (left >= limits.uploadBytes) return { blobs, limit: limits.uploadBytes }
  const explained = async <T>(work: Promise<T>): Promise<T> => await work.catch(async (thrown: unknown) => {
    if (!(thrown instanceof EspalierError) || thrown.code !== 'payload-too-large') throw thrown
    const { quotas: { storedBytes: allowed }, used } = await mine.standing()
    throw quotaExceeded('storedBytes', { used: used.storedBytes, allowed: allowed ?? 0, asked: left + 1 })
  })
  return { blobs: { ...blobs, put: async (content, limit) => await explained(blobs.put(content, limit)) }, limit: left }
}
