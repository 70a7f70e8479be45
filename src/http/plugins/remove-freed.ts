/** Removes blobs that requests let go of, after their answers. */
import type { FastifyInstance } from 'fastify'
import { createRemover, type Remover } from '../../jobs/use-cases/remove-freed.ts'
import type { Dependencies } from '../dependencies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    remover: Remover
  }
}

/** Call before routes are added. */
export function removeFreedBlobs (app: FastifyInstance, { catalog, blobs }: Dependencies): void {
  const remover = createRemover({ catalog, blobs }, (error) => { app.log.warn({ err: error }, 'blobs that nothing refers to wait to be removed') })
  app.decorate('remover', remover)
  app.addHook('onResponse', async ({ method }) => { if (method === 'DELETE') remover.after() })
  app.addHook('onClose', async () => { await remover.settled() })
}
