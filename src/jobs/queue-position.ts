/** How many jobs are taken before one that is queued, as far as it is known. */
import { Type, type Static } from 'typebox'
import { JOB_STATES } from './resources.ts'
import { QUEUE_NAMES } from './queues.ts'

export const QueuePosition = Type.Object({
  job: Type.String(),
  state: Type.Enum([...JOB_STATES]),
  queue: Type.Enum([...QUEUE_NAMES]),
  position: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'jobs of all tenants that are taken before it: of its queue, with a higher priority or queued before, without those whose tenant may not run more at once; null when it is not queued' }),
  held: Type.Boolean({ description: 'has its own tenant as many jobs running as it may? It then waits for one of them, whatever its position' }),
}, { $id: 'QueuePosition' })

export type QueuePosition = Static<typeof QueuePosition>

/** The part of a TenantCatalog that knows the order of the queue. */
export interface QueueOrder {
  /** Null when there is no such job. */
  position (jobId: string): Promise<QueuePosition | null>
}
