/** Security headers on every answer, and a guard against pages of other sites. */
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

/** A page of another site may not make a browser act here: forms and simple requests need no permission of CORS. */
export function refuseOtherSites (app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    // Behind a proxy that is trusted the name that the client knows the service by.
    const { host, headers: { origin } } = request
    if (request.method === 'GET' || request.method === 'HEAD' || origin === undefined) return
    if (!URL.canParse(origin) || new URL(origin).host !== host) throw new EspalierError('unauthorized', `a page of ${origin} may not change anything here`)
  })
}
