/** /v1/keys: the keys of a tenant. A key is told once, when it is made. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { Guard } from '../../access/index.ts'
import { needs } from '../../access/needs.ts'
import { refuseIdempotencyKey } from '../../answers.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, nothing, PageQuery, pageOf, problems } from '../../schemas.ts'
import { validated } from '../../validation.ts'
import { Expiry, expiryOf, Key, keyView, Name, NewKey, newKeyView, Scopes } from './key.ts'

const CreateKey = Type.Object({ name: Name, scopes: Scopes, expiresAt: Expiry }, { additionalProperties: false })

const HOUR = 3600
const RotateKey = Type.Object({
  graceSeconds: Type.Integer({ minimum: 0, maximum: 30 * 24 * HOUR, default: HOUR, description: 'how long the old key is still taken; an hour otherwise' }),
  expiresAt: Expiry,
}, { additionalProperties: false })

export function addKeyRoutes (app: App, { catalog }: Dependencies, { keyring }: Guard): void {
  const missing = (id: string) => new EspalierError('not-found', `there is no key ${id}`)

  app.post('/keys', {
    schema: {
      operationId: 'createKey',
      security: needs('admin'),
      summary: 'Make a key',
      description: 'The answer has the key, which is told once. This request takes no Idempotency-Key, since its answer is kept nowhere.',
      tags: ['access'],
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: CreateKey } } },
      response: { 201: json('The key', NewKey), ...problems(415) },
    },
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { expiresAt, ...key } = validated(CreateKey, request.body ?? {}, 'body')
    const issued = await catalog.of(tenantOf(request)).createKey({ ...key, expiresAt: expiryOf(expiresAt) })
    return await reply.code(201).header('location', `/v1/keys/${issued.row.id}`).send(newKeyView(issued))
  })

  app.get('/keys', {
    schema: {
      operationId: 'listKeys',
      security: needs('admin'),
      summary: 'List keys, newest first',
      tags: ['access'],
      querystring: PageQuery,
      response: { 200: json('One page of keys', pageOf(Key)), ...problems() },
    },
  }, async (request) => {
    const { items, next } = await catalog.of(tenantOf(request)).keys(request.query)
    return { items: items.map(keyView), next }
  })

  app.get('/keys/:id', {
    schema: {
      operationId: 'getKey',
      security: needs('admin'),
      summary: 'Read what a key may do',
      tags: ['access'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The key', Key), ...problems(404) },
    },
  }, async (request) => {
    const row = await catalog.of(tenantOf(request)).key(request.params.id)
    if (row === null) throw missing(request.params.id)
    return keyView(row)
  })

  app.post('/keys/:id/rotate', {
    schema: {
      operationId: 'rotateKey',
      security: needs('admin'),
      summary: 'Make a key that takes the place of another',
      description: 'The new key has the name and scopes of the old one, which is taken for a while yet.',
      tags: ['access'],
      params: IdParams,
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: RotateKey } } },
      response: { 201: json('The new key', NewKey), ...problems(404, 409, 415) },
    },
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { graceSeconds, expiresAt } = validated(RotateKey, { graceSeconds: HOUR, ...(request.body ?? {}) }, 'body')
    const issued = await catalog.of(tenantOf(request)).rotateKey(request.params.id, graceSeconds, expiryOf(expiresAt))
    if (issued === null) throw missing(request.params.id)
    keyring.forget()
    return await reply.code(201).header('location', `/v1/keys/${issued.row.id}`).send(newKeyView(issued))
  })

  app.delete('/keys/:id', {
    schema: {
      operationId: 'revokeKey',
      security: needs('admin'),
      summary: 'Revoke a key',
      description: 'It opens nothing any more: here at once, in other API processes within 5 seconds. It stays in the list.',
      tags: ['access'],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Revoked'), ...problems(404) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (!await catalog.of(tenantOf(request)).revokeKey(id)) throw missing(id)
    keyring.forget()
    return await reply.code(204).send(null)
  })
}
