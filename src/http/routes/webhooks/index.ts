/** /v1/webhooks: addresses that are told of jobs. */
import type { FastifyRequest } from 'fastify'
import { changeWebhook, createWebhook, found, MOST_WEBHOOKS, rotateSecret } from '../../../jobs/use-cases/webhooks.ts'
import { WEBHOOK_EVENTS } from '../../../jobs/webhooks/resources.ts'
import { answerOnce, fingerprintOf, idempotencyKey } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, nothing, PageQuery, pageOf, PostHeaders, problems } from '../../schemas.ts'
import { validated } from '../../validation.ts'
import { addDeliveryRoutes } from './deliveries.ts'
import { WebhookPatch, WebhookRef, WebhookRequest, WithSecret } from './form.ts'

export function addWebhookRoutes (app: App, dependencies: Dependencies): void {
  const { catalog, checkWebhookUrl: checkUrl } = dependencies
  const mineOf = (request: FastifyRequest) => catalog.of(tenantOf(request))

  app.post('/webhooks', {
    schema: {
      operationId: 'createWebhook',
      security: needs('write'),
      summary: 'Be told of jobs',
      description: `Messages are posted to \`url\`, signed by Standard Webhooks. The secret is in this answer alone. At most ${MOST_WEBHOOKS} for each tenant.`,
      tags: ['webhooks'],
      headers: PostHeaders,
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: WebhookRequest } } },
      response: { 201: json('The webhook; Location holds its address', WithSecret), ...problems(409, 415, 422) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    const { url, events = WEBHOOK_EVENTS, description = '' } = validated(WebhookRequest, request.body ?? {}, 'body')
    return await answerOnce(request, reply, catalog, fingerprintOf({ url, events, description }), async () => {
      const webhook = await createWebhook({ catalog: mineOf(request), checkUrl }, { url, events, description })
      return { status: 201, location: `/v1/webhooks/${webhook.id}`, body: webhook, secret: true }
    })
  })

  app.get('/webhooks', {
    schema: {
      operationId: 'listWebhooks',
      security: needs('read'),
      summary: 'List webhooks, newest first',
      tags: ['webhooks'],
      querystring: PageQuery,
      response: { 200: json('One page of webhooks', pageOf(WebhookRef)), ...problems() },
    },
  }, async (request) => await mineOf(request).webhooks(request.query))

  app.get('/webhooks/:id', {
    schema: {
      operationId: 'getWebhook',
      security: needs('read'),
      summary: 'Read one webhook',
      tags: ['webhooks'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The webhook', WebhookRef), ...problems(404) },
    },
  }, async (request) => await found(request.params.id, mineOf(request).webhook(request.params.id)))

  app.patch('/webhooks/:id', {
    schema: {
      operationId: 'changeWebhook',
      security: needs('write'),
      summary: 'Change a webhook',
      description: 'What is left out stays. With `"active": false` what is pending waits and nothing is added to it; with `true` it is sent.',
      tags: ['webhooks'],
      params: IdParams,
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: WebhookPatch } } },
      response: { 200: json('The webhook as it is now', WebhookRef), ...problems(404, 415) },
    },
  }, async (request) => await changeWebhook({ catalog: mineOf(request), checkUrl }, request.params.id, validated(WebhookPatch, request.body ?? {}, 'body')))

  app.delete('/webhooks/:id', {
    schema: {
      operationId: 'deleteWebhook',
      security: needs('write'),
      summary: 'Delete a webhook with its deliveries',
      tags: ['webhooks'],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    await found(id, mineOf(request).deleteWebhook(id).then((deleted) => deleted || null))
    return await reply.code(204).send(null)
  })

  app.post('/webhooks/:id/rotate-secret', {
    schema: {
      operationId: 'rotateWebhookSecret',
      security: needs('write'),
      summary: 'Give a webhook another secret',
      description: 'For 24 hours messages are signed with the former one, too. The new secret is in this answer alone.',
      tags: ['webhooks'],
      headers: PostHeaders,
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The webhook with its new secret', WithSecret), ...problems(404, 409) },
    },
  }, async (request, reply) => await answerOnce(request, reply, catalog, 'rotate', async () => ({ status: 200, body: await rotateSecret(mineOf(request), request.params.id), secret: true })))

  addDeliveryRoutes(app, dependencies)
}
