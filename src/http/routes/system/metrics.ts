/** /metrics: counters for a monitoring system to fetch. */
import type { Queue } from '../../../jobs/ports.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { problems } from '../../schemas.ts'

const MEDIA_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export function addMetricsRoute (app: App, { queue }: Dependencies, metrics: { text (queue: Queue): Promise<string> }): void {
  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      security: needs('observer'),
      summary: 'Counters in the OpenMetrics form',
      tags: ['system'],
      response: { 200: { description: 'The metrics', content: { 'application/openmetrics-text': { schema: { type: 'string' } } } }, ...problems(503) },
    },
  }, async (_request, reply) => await reply.type(MEDIA_TYPE).send(Buffer.from(await metrics.text(queue))))
}
