/** Where a message may be sent: addresses that are checked and then connected to, never the name again. */
import { isIP } from 'node:net'
import { EspalierError } from '../../errors.ts'
import { whyNotPublic } from './addresses.ts'
import type { AllowList } from './allow-list.ts'
import type { Resolve } from './resolve.ts'

export interface Target {
  readonly url: URL
  /** All of them checked; connections go to none but these. */
  readonly addresses: readonly string[]
}

export interface TargetOptions { readonly allowed: AllowList, readonly resolve: Resolve }

/** Below 1024 other services listen that a request could say something to. */
const LOW_PORTS = new Set([80, 443])
const FIRST_HIGH_PORT = 1024

function refusal (message: string): EspalierError {
  return new EspalierError('invalid-request', `url: ${message}`, { errors: [{ path: '/url', message }] })
}

/** The url, when nothing about its text is wrong. @throws `invalid-request` */
export function parseTarget (text: string): URL {
  if (!URL.canParse(text)) throw refusal('must be an absolute address such as https://example.com/hooks')
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refusal('must begin with https:// or http://')
  if (url.username !== '' || url.password !== '') throw refusal('must not have a user name or password; messages are signed instead')
  if (url.hash !== '') throw refusal('must not have a fragment (#...)')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (!LOW_PORTS.has(port) && port < FIRST_HIGH_PORT) throw refusal(`has port ${port}; it must be 80, 443 or at least ${FIRST_HIGH_PORT}`)
  return url
}

/** Lower case, without brackets and a dot at its end: the parser of addresses has turned every other form of an IPv4 address into the usual one. */
function nameOf ({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '').toLowerCase()
}

/** @throws `invalid-request` when the name is not known, or when any of its addresses is not public and not allowed */
export async function targetOf (text: string, { allowed, resolve }: TargetOptions, signal: AbortSignal): Promise<Target> {
  const url = parseTarget(text)
  const name = nameOf(url)
  const literal = isIP(name) > 0 ? name : undefined
  const trusted = literal === undefined && allowed.hasName(name)
  if (!trusted && /(^|\.)localhost$/.test(name)) throw refusal(`${name} is this machine, which webhooks may not reach; the operator can allow it with ESPALIER_WEBHOOK_ALLOW`)
  const unknown = (error: NodeJS.ErrnoException): never => { throw refusal(`the name ${name} has no address (${error.code ?? error.message})`) }
  const addresses = literal === undefined ? await resolve(name, trusted, signal).catch(unknown) : [literal]
  if (addresses.length === 0) throw refusal(`the name ${name} has no address`)
  for (const address of addresses) {
    const why = trusted || allowed.hasAddress(address) ? null : whyNotPublic(address)
    if (why === null) continue
    const what = literal === undefined ? `${name} has the address ${address}, which` : address
    throw refusal(`${what} is not a public address (${why}); the operator can allow it with ESPALIER_WEBHOOK_ALLOW`)
  }
  return { url, addresses }
}
