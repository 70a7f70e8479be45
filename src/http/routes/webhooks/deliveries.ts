/** POST /v1/webhooks/{id}/ping, GET /v1/webhooks/{id}/deliveries, POST .../deliveries/{delivery}/retry. */
import { found, retryDelivery } from '../../../jobs/use-cases/webhooks.ts'
import { answerOnce } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, pageOf, PostHeaders, problems } from '../../schemas.ts'
import { DeliveriesQuery, DeliveryParams, WebhookDeliveryRef } from './form.ts'

export function addDeliveryRoutes (app: App, { catalog }: Dependencies): void {
  app.post('/webhooks/:id/ping', {
    schema: {
      operationId: 'pingWebhook',
      security: needs('write'),
      summary: 'Send a message of type ping',
      tags: ['webhooks'],
      headers: PostHeaders,
      params: IdParams,
      querystring: NoQuery,
      response: { 202: json('The delivery, pending', WebhookDeliveryRef), ...problems(404, 409) },
    },
  }, async (request, reply) => await answerOnce(request, reply, catalog, 'ping', async () => {
    const { id } = request.params
    return { status: 202, location: `/v1/webhooks/${id}/deliveries`, body: await found(id, catalog.of(tenantOf(request)).pingWebhook(id)) }
  }))

  app.get('/webhooks/:id/deliveries', {
    schema: {
      operationId: 'listWebhookDeliveries',
      security: needs('read'),
      summary: 'List what was and will be sent, newest first',
      description: 'Deliveries are kept for 30 days.',
      tags: ['webhooks'],
      params: IdParams,
      querystring: DeliveriesQuery,
      response: { 200: json('One page of deliveries', pageOf(WebhookDeliveryRef)), ...problems(404) },
    },
  }, async (request) => {
    const { id } = request.params
    return await found(id, catalog.of(tenantOf(request)).deliveries(id, request.query))
  })

  app.post('/webhooks/:id/deliveries/:delivery/retry', {
    schema: {
      operationId: 'retryWebhookDelivery',
      security: needs('write'),
      summary: 'Send a delivery again',
      description: 'At once, under the same id, whatever became of it; its tries are counted from the beginning.',
      tags: ['webhooks'],
      headers: PostHeaders,
      params: DeliveryParams,
      querystring: NoQuery,
      response: { 202: json('The delivery, pending', WebhookDeliveryRef), ...problems(404, 409) },
    },
  }, async (request, reply) => await answerOnce(request, reply, catalog, 'retry', async () => {
    const { id, delivery } = request.params
    return { status: 202, location: `/v1/webhooks/${id}/deliveries`, body: await retryDelivery(catalog.of(tenantOf(request)), id, delivery) }
  }))
}
