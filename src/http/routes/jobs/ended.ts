/** A job once it has ended, or as it is when the time to wait is over. */
import type { FastifyReply } from 'fastify'
import type { Job } from '../../../jobs/resources.ts'
import { awaitEnd } from '../../../jobs/use-cases/await-end.ts'
import { findJob } from '../../../jobs/use-cases/job-view.ts'
import { oneAfterAnotherBy } from '../../../jobs/use-cases/one-after-another.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { waiting } from '../../waiting.ts'

/** Null when there is none. Without seconds it is read at once. */
export type JobInTheEnd = (reply: FastifyReply, tenant: string, id: string, seconds: number | undefined) => Promise<Job | null>

export function jobInTheEnd (app: App, { catalog, changes }: Pick<Dependencies, 'catalog' | 'changes'>): JobInTheEnd {
  const waitFor = waiting(app)
  // All who wait for a job are told of its end in the same moment: they look together.
  const look = oneAfterAnotherBy(async (key) => {
    const [tenant, id] = JSON.parse(key) as [string, string]
    return await findJob(catalog.of(tenant), id)
  })
  return async (reply, tenant, id, seconds = 0) => {
    if (seconds <= 0) return await findJob(catalog.of(tenant), id)
    const key = JSON.stringify([tenant, id])
    return await waitFor(reply, seconds, async (signal) => await awaitEnd(async () => await look(key), changes, id, signal))
  }
}
