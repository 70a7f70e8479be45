/** /v1/session: a browser shows a key once and has a session from then on, so that its pages need not hold the key. */
import { Type } from 'typebox'
import type { Guard } from '../../access/index.ts'
import { needs, OPEN } from '../../access/needs.ts'
import { clearCookie, setCookie } from '../../access/session-cookie.ts'
import { refuseIdempotencyKey } from '../../answers.ts'
import type { App } from '../../dependencies.ts'
import { principalOf } from '../../principal.ts'
import { json, NoQuery, nothing, problems } from '../../schemas.ts'
import { validated } from '../../validation.ts'

const CreateSession = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 1000, description: 'a key, or ESPALIER_API_KEY' }),
  remember: Type.Boolean({ default: false, description: 'for 30 days; else for 12 hours, and no longer than the browser is open' }),
}, { additionalProperties: false })

const Session = Type.Object({
  csrfToken: Type.Union([Type.String(), Type.Null()], { description: 'goes into X-CSRF-Token of what changes something; null for a request that has no session' }),
  expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
})

export function addSessionRoutes (app: App, { sessions, ownerOf }: Guard): void {
  app.post('/session', {
    schema: {
      operationId: 'createSession',
      security: OPEN,
      summary: 'Begin a session of a browser',
      description: 'The session is a cookie that scripts cannot read (HttpOnly, SameSite=Strict, Secure over https). It may do what the key may, and ends with it. This request takes no Idempotency-Key, since its answer is kept nowhere.',
      tags: ['access'],
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: CreateSession } } },
      response: { 201: json('The session, whose cookie is in Set-Cookie', Session), ...problems(415) },
    },
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { key, remember } = validated(CreateSession, { remember: false, ...(request.body ?? {}) }, 'body')
    request.principal = await ownerOf(request, key)
    const { token, csrfToken, expiresAt } = await sessions.make(request.principal, remember)
    setCookie(request, reply, token, remember ? Math.round((expiresAt.getTime() - Date.now()) / 1000) : undefined)
    return await reply.code(201).send({ csrfToken, expiresAt: expiresAt.toISOString() })
  })

  app.get('/session', {
    schema: {
      operationId: 'getSession',
      security: needs(),
      summary: 'Read the session of this browser',
      tags: ['access'],
      querystring: NoQuery,
      response: { 200: json('The session; nulls where the request was let in without one', Session), ...problems() },
    },
  }, async (request) => {
    const { session } = principalOf(request)
    return { csrfToken: session?.csrfToken ?? null, expiresAt: session?.expiresAt.toISOString() ?? null }
  })

  app.delete('/session', {
    schema: {
      operationId: 'deleteSession',
      security: needs(),
      summary: 'End the session of this browser',
      description: 'Here at once, in other API processes within 5 seconds; event streams that it opened end within 10.',
      tags: ['access'],
      querystring: NoQuery,
      response: { 204: nothing('Ended, or there was none'), ...problems() },
    },
  }, async (request, reply) => {
    const { session } = principalOf(request)
    if (session !== undefined) await sessions.end(session.hash)
    clearCookie(request, reply)
    return await reply.code(204).send(null)
  })
}
