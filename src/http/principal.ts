/** Who asks: the tenant in whose name a request acts. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { EspalierError } from '../errors.ts'
import { FIRST_TENANT } from '../jobs/tenants.ts'

export interface Principal {
  readonly tenant: string
  /** Id of the API key; null where none is asked for. */
  readonly key: string | null
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

/** The tenant of a request that was let in. */
export function tenantOf ({ principal }: FastifyRequest): string {
  if (principal === null) throw new EspalierError('internal', 'a route that needs a tenant was added where nobody is asked who they are')
  return principal.tenant
}

/** Every request of this scope acts in the name of the first tenant. */
export function actAsFirstTenant (app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => { request.principal = { tenant: FIRST_TENANT, key: null } })
}
