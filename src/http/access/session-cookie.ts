/** The cookie that a browser shows its session with: its token, which no script of a page can read. */
import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

export const COOKIE = 'espalier_session'
/** A request that changes something with the cookie has the session's token against forgery in it. */
export const CSRF_HEADER = 'x-csrf-token'

const TOKEN_BYTES = 32
const TOKEN = /^[\w-]{43}$/

/** 256 random bits. */
export function makeToken (): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** What a page of this site sends in CSRF_HEADER. Made of the cookie's token, from which it leads back to nothing. */
export function csrfOf (token: string): string {
  return createHash('sha256').update(`csrf of ${token}`).digest('base64url')
}

/** The token in the request; undefined without one, and for what cannot be one. */
export function tokenIn ({ headers: { cookie = '' } }: FastifyRequest): string | undefined {
  for (const pair of cookie.split(';')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() !== COOKIE) continue
    const token = pair.slice(at + 1).trim()
    if (TOKEN.test(token)) return token
  }
  return undefined
}

/** Without `seconds` it goes when the browser is closed. */
export function setCookie (request: FastifyRequest, reply: FastifyReply, token: string, seconds?: number): void {
  const parts = [`${COOKIE}=${token}`, 'Path=/', 'HttpOnly', 'SameSite=Strict']
  // Behind a proxy that is trusted, as the client came.
  if (request.protocol === 'https') parts.push('Secure')
  if (seconds !== undefined) parts.push(`Max-Age=${seconds}`)
  reply.header('set-cookie', parts.join('; '))
}

/** Makes the browser forget it. */
export function clearCookie (request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, '', 0)
}
