/** GET /v1/jobs/{id}/position: how many jobs are taken before one that is queued. */
import { Type } from 'typebox'
import { QueuePosition } from '../../../jobs/queue-position.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, problems } from '../../schemas.ts'
import { noSuchJob } from './find.ts'

const QueuePositionRef = Type.Unsafe<QueuePosition>({ $ref: 'QueuePosition#' })

export function addPositionRoute (app: App, { catalog }: Dependencies): void {
  app.get('/jobs/:id/position', {
    schema: {
      operationId: 'getJobPosition',
      security: needs('read'),
      summary: 'Read the place of a job in its queue',
      description: 'As far as it is known now: jobs of a higher priority may come, workers give jobs back, and tenants have limits of what runs at once.',
      tags: ['jobs'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The place', QueuePositionRef), ...problems(404) },
    },
  }, async (request) => {
    const { id } = request.params
    const found = await catalog.of(tenantOf(request)).position(id)
    if (found === null) throw noSuchJob(id)
    return found
  })
}
