/** Who asks: the tenant in whose name a request acts, and what it may do. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { EspalierError } from '../errors.ts'
import { SCOPE_NAMES, type Scope } from '../jobs/scopes.ts'
import { FIRST_TENANT } from '../jobs/tenants.ts'

/** Who acts without a key of the database: with ESPALIER_API_KEY, or without any on a loopback address. Neither looks like an id. */
export const ENVIRONMENT = 'environment'
export const KEYLESS = 'keyless'

export interface Principal {
  readonly tenant: string
  /** Id of the API key; null where none of the database was asked for. */
  readonly key: string | null
  /** Id of the key, or one of the names above. */
  readonly actor: string
  readonly scopes: readonly Scope[]
  /** Where a browser's cookie showed who it is, instead of a key. */
  readonly session?: { readonly hash: string, readonly csrfToken: string, readonly expiresAt: Date }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the request has shown who it is from. */
    principal: Principal | null
  }
}

/** Call before hooks that set it. */
export function decoratePrincipal (app: FastifyInstance): void {
  app.decorateRequest('principal', null)
}

/** Who sent a request that was let in. */
export function principalOf ({ principal }: FastifyRequest): Principal {
  if (principal === null) throw new EspalierError('internal', 'a route that needs a tenant was added where nobody is asked who they are')
  return principal
}

/** The tenant of a request that was let in. */
export function tenantOf (request: FastifyRequest): string {
  return principalOf(request).tenant
}

/** The first tenant with all scopes, acting as `actor`. */
export function firstTenant (actor: string): Principal {
  return { tenant: FIRST_TENANT, key: null, actor, scopes: SCOPE_NAMES }
}
