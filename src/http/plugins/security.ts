/** Security headers on every answer, and the API key on what it guards. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../errors.ts'

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const

/** Routes that know better (the pages of /docs, downloads) set their own value first and keep it. */
export function addSecurityHeaders (app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    secure(request, reply)
    return payload
  })
}

/** The headers of one answer, for those that no hook sees. */
export function secure (request: FastifyRequest, reply: FastifyReply): void {
  for (const [name, value] of Object.entries(HEADERS)) if (!reply.hasHeader(name)) reply.header(name, value)
  reply.header('x-request-id', request.id)
}

/** Every route of this scope needs `Authorization: Bearer KEY` or `X-API-Key: KEY`. */
export function requireApiKey (app: FastifyInstance, key: string): void {
  const wanted = digest(key)
  app.addHook('onRequest', async (request) => {
    const given = keyOf(request)
    if (given === undefined) throw new EspalierError('unauthorized', 'an API key is needed: send it as "Authorization: Bearer KEY"')
    // Digests have equal lengths, so that neither the key's content nor its length shows in the time.
    if (!timingSafeEqual(digest(given), wanted)) throw new EspalierError('unauthorized', 'the API key is not the right one')
  })
}

/** A page of another site may not make a browser act here: forms and simple requests need no permission of CORS. */
export function refuseOtherSites (app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    const { origin, host } = request.headers
    if (request.method === 'GET' || request.method === 'HEAD' || origin === undefined) return
    if (!URL.canParse(origin) || new URL(origin).host !== host) throw new EspalierError('unauthorized', `a page of ${origin} may not change anything here`)
  })
}

function keyOf (request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1]
  const header = request.headers['x-api-key']
  return bearer ?? (typeof header === 'string' ? header : undefined)
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
