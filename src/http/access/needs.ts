/** What a route needs of whoever asks, said in its schema: `security: needs('read')`. OpenAPI shows it, and the same place is checked. */
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { EspalierError } from '../../errors.ts'
import { isScope, meets, RANKS, type Need } from '../../jobs/scopes.ts'
import { principalOf } from '../principal.ts'

/** Names of the security schemes in the OpenAPI document. */
export const KEY_SCHEME = 'apiKey'
export const LINK_SCHEME = 'signedLink'
export const SESSION_SCHEME = 'session'

/** For a route that everybody may ask, since it looks at a key itself. */
export const OPEN: Array<Record<string, string[]>> = [{}]

type Security = ReadonlyArray<Readonly<Record<string, readonly string[]>>>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Out of the schema; null: any key. */
    need?: Need | null
    /** May it be asked with a signed link? */
    byLink?: boolean
    /** Is nobody asked who they are? */
    open?: boolean
  }
}

/** For a route that a key with this scope, or a browser in its name, may ask; with nothing any key. `link`: or whoever has a signed link to it. */
export function needs (need?: Need, { link = false } = {}): Array<Record<string, string[]>> {
  const roles = need === undefined ? [] : [need]
  return [{ [KEY_SCHEME]: roles }, { [SESSION_SCHEME]: roles }, ...(link ? [{ [LINK_SCHEME]: [] }] : [])]
}

/** Call before the routes of a scope are added. A route that does not say what it needs ends the start of the server: nobody is let in by oversight. */
export function readNeeds (app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    const security = route.schema?.security as Security | undefined
    if (security === OPEN) {
      route.config = { ...route.config, open: true }
      return
    }
    const roles = security?.find((scheme) => Object.hasOwn(scheme, KEY_SCHEME))?.[KEY_SCHEME]
    if (roles === undefined) throw new EspalierError('internal', `route ${String(route.method)} ${route.url} does not say what it needs: add security: needs(...) to its schema`)
    const byLink = security?.some((scheme) => Object.hasOwn(scheme, LINK_SCHEME)) === true
    route.config = { ...route.config, need: (roles[0] as Need | undefined) ?? null, byLink }
  })
}

/** Once it is known who asks and how often, and before a body is read. @throws `forbidden` naming the scope */
export function checkNeeds (app: FastifyInstance): void {
  app.addHook('preParsing', async (request) => { assertMay(request) })
}

function assertMay (request: FastifyRequest): void {
  const { need } = request.routeOptions.config
  if (need === undefined || need === null) return
  const { tenant, scopes } = principalOf(request)
  if (meets(need, tenant, scopes)) return
  const scope = isScope(need) ? need : RANKS[need].scope
  const what = isScope(need) ? `the scope "${need}"` : `the scope "${scope}" of the first tenant`
  throw new EspalierError('forbidden', `this needs ${what}; the key has ${scopes.length === 0 ? 'none' : scopes.join(', ')}`, { scope })
}
