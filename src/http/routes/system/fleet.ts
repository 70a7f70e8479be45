/** GET /v1/workers and /v1/queues: who works, and how much waits for whom. */
import { Type } from 'typebox'
import { queueStates, type QueueState, type Worker } from '../../../jobs/fleet.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { json, NoQuery, problems } from '../../schemas.ts'

const Workers = Type.Object({ items: Type.Array(Type.Unsafe<Worker>({ $ref: 'Worker#' })) })
const Queues = Type.Object({ items: Type.Array(Type.Unsafe<QueueState>({ $ref: 'QueueState#' })) })

export function addFleetRoutes (app: App, { catalog, queue }: Dependencies): void {
  app.get('/workers', {
    schema: {
      operationId: 'listWorkers',
      security: needs('read'),
      summary: 'Workers that run, the oldest first',
      description: 'As each says of itself every few seconds. One that was not heard of for 30 seconds is `gone`, and is listed for a day.',
      tags: ['system'],
      querystring: NoQuery,
      response: { 200: json('All workers', Workers), ...problems() },
    },
  }, async (request) => ({ items: await catalog.of(tenantOf(request)).workers() }))

  app.get('/queues', {
    schema: {
      operationId: 'listQueues',
      security: needs('read'),
      summary: 'What waits in each queue, and who serves it',
      description: 'Of the whole service: what an autoscaler decides by.',
      tags: ['system'],
      querystring: NoQuery,
      response: { 200: json('All queues', Queues), ...problems(503) },
    },
  }, async (request) => {
    const [counts, waits, workers] = await Promise.all([queue.countsByQueue(), catalog.oldestWaits(), catalog.of(tenantOf(request)).workers()])
    return { items: queueStates(counts, waits, workers) }
  })
}
