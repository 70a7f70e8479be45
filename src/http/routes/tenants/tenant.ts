/** A tenant and its quotas as the API shows them. */
import { Type, type Static, type TSchema } from 'typebox'
import { perQuota, QUOTAS, type OwnQuotas, type QuotaName, type Quotas } from '../../../jobs/quotas.ts'
import type { TenantRow } from '../../../jobs/tenant-ports.ts'

const Limit = Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()])

function table<T extends TSchema> (of: (name: QuotaName) => T) {
  return Type.Object(perQuota(of), { additionalProperties: false })
}

export const QuotasTable = table((name) => Type.Unsafe<number | null>({ ...Limit, description: `${QUOTAS[name].description}; null: no limit` }))

/** What a tenant is given of its own. */
export const QuotasChange = table((name) => Type.Optional(Type.Unsafe<number | null | 'default'>({
  anyOf: [...Limit.anyOf, { const: 'default' }], description: `${QUOTAS[name].description}; null: no limit, "default": as the service has it`,
})))

export const Tenant = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  quotas: Type.Object(perQuota((name) => Type.Optional(Type.Unsafe<number | null>({ ...Limit, description: QUOTAS[name].description }))), { description: 'its own limits; what is absent is as the service has it' }),
})

export const Used = table((name) => Type.Integer({ description: QUOTAS[name].description }))

export function tenantView ({ id, name, createdAt, quotas }: TenantRow): Static<typeof Tenant> {
  return { id, name, createdAt: createdAt.toISOString(), quotas: { ...quotas } as Partial<Quotas> as Static<typeof Tenant>['quotas'] }
}

/** The quotas with the changes: `default` takes one away. */
export function changedQuotas (own: OwnQuotas, changes: Static<typeof QuotasChange>): OwnQuotas {
  return Object.fromEntries(Object.entries({ ...own, ...changes }).filter(([, limit]) => limit !== 'default' && limit !== undefined)) as OwnQuotas
}
