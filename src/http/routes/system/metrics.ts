/** /metrics: what a monitoring system fetches. */
import { Type } from 'typebox'
import { needs } from '../../access/needs.ts'
import type { App } from '../../dependencies.ts'
import { problems } from '../../schemas.ts'
import type { ServiceMetrics } from '../../service-metrics.ts'

const Text = Type.String()

export function addMetricsRoute (app: App, metrics: ServiceMetrics): void {
  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      security: needs('observer'),
      summary: 'Metrics, as OpenMetrics or in the text form of Prometheus',
      tags: ['system'],
      response: { 200: { description: 'The metrics, by the Accept header', content: { 'application/openmetrics-text': { schema: Text }, 'text/plain': { schema: Text } } }, ...problems() },
    },
  }, async (request, reply) => {
    const { type, text } = await metrics.text(request.headers.accept)
    return await reply.type(type).header('vary', 'accept').send(Buffer.from(text))
  })
}
