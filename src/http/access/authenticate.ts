/** Asks every request of a scope who it is from: a key, a signed link, a browser's session, or nobody on an address that only this machine reaches. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../../config.ts'
import { EspalierError } from '../../errors.ts'
import { ENVIRONMENT, firstTenant, KEYLESS, type Principal } from '../principal.ts'
import type { Keyring } from './keyring.ts'
import type { Links } from './links.ts'
import { clearCookie, CSRF_HEADER, tokenIn } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'

export interface Access {
  /** ESPALIER_API_KEY. */
  readonly apiKey: string | undefined
  /** Are requests without a key let in as the first tenant? */
  readonly keyless: boolean
  readonly keyring: Keyring
  readonly links: Links
  readonly sessions: Sessions
  /** Called for each request that was not let in, with the key's owner where there is one. It may throw `rate-limited`. */
  readonly onRefused: (request: FastifyRequest, owner: { readonly tenantId: string, readonly id: string } | null) => Promise<void>
}

/** Sets `request.principal`. @throws `unauthorized`, `forbidden` for a change without the session's token against forgery */
export function authenticate (app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.open !== true) request.principal = await principalFor(request, reply, access)
  })
}

async function principalFor (request: FastifyRequest, reply: FastifyReply, access: Access): Promise<Principal> {
  const given = keyIn(request)
  if (given !== undefined) return await ownerOf(request, given, access)
  if (request.routeOptions.config.byLink === true) {
    const principal = await access.links.principalOf(request)
    if (principal === null) return await refuse(request, access, 'the link is not valid any more, or never was')
    if (principal !== undefined) return principal
  }
  const token = tokenIn(request)
  if (token !== undefined) {
    const principal = await access.sessions.principalOf(token)
    if (principal !== null) return unforged(request, principal)
    clearCookie(request, reply)
    if (!access.keyless) return await refuse(request, access, 'the session has ended; begin another with a key')
  }
  if (!access.keyless) return await refuse(request, access, 'an API key is needed: send it as "Authorization: Bearer KEY"')
  // A name that somebody else's server answers for: a page of theirs may have been let through to this address.
  if (!isLoopback(hostOf(request))) return await refuse(request, access, `without a key this server answers to 127.0.0.1 and localhost, not to ${hostOf(request)}; send a key as "Authorization: Bearer KEY"`)
  return firstTenant(KEYLESS)
}

/** @throws `unauthorized` */
export async function ownerOf (request: FastifyRequest, given: string, access: Access): Promise<Principal> {
  // Digests have equal lengths, so that neither the key's content nor its length shows in the time.
  if (access.apiKey !== undefined && timingSafeEqual(digest(given), digest(access.apiKey))) return firstTenant(ENVIRONMENT)
  const owner = await access.keyring.find(given)
  if (owner?.valid !== true) return await refuse(request, access, 'the API key is not a right one, or not any more', owner)
  return { tenant: owner.tenantId, key: owner.id, actor: owner.id, scopes: owner.scopes }
}

/** A browser adds the cookie by itself, to whatever asks; the token is read by pages of this site alone. @throws `forbidden` */
function unforged (request: FastifyRequest, principal: Principal): Principal {
  if (request.method === 'GET' || request.method === 'HEAD') return principal
  const given = request.headers[CSRF_HEADER]
  if (typeof given === 'string' && timingSafeEqual(digest(given), digest(principal.session?.csrfToken ?? ''))) return principal
  throw new EspalierError('forbidden', `a change with a session needs the header X-CSRF-Token with the csrfToken of GET /v1/session; what was sent is ${given === undefined ? 'none' : 'another one'}`)
}

async function refuse (request: FastifyRequest, access: Access, why: string, owner: { tenantId: string, id: string } | null = null): Promise<never> {
  await access.onRefused(request, owner)
  throw new EspalierError('unauthorized', why)
}

function keyIn (request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1]
  const header = request.headers['x-api-key']
  return bearer ?? (typeof header === 'string' ? header : undefined)
}

/** The name the request was sent to, without the port. */
function hostOf (request: FastifyRequest): string {
  return (request.headers.host ?? '').replace(/:\d+$/, '')
}

function digest (text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
