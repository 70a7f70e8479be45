/** A tenant, its quotas and how long it keeps things, as the API shows them. */
import { Type, type Static, type TSchema } from 'typebox'
import { perQuota, QUOTAS, type OwnQuotas, type QuotaName, type Quotas } from '../../../jobs/quotas.ts'
import { MOST_DAYS, perRetention, RETENTION, type OwnRetention, type Retention } from '../../../jobs/retention.ts'
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

const Days = Type.Union([Type.Integer({ minimum: 1, maximum: MOST_DAYS }), Type.Null()])

export const RetentionTable = Type.Object(perRetention((name) => Type.Unsafe<number | null>({ ...Days, description: `${RETENTION[name].description}; null: for ever` })), { additionalProperties: false })

export const RetentionChange = Type.Object(perRetention((name) => Type.Optional(Type.Unsafe<number | null | 'default'>({
  anyOf: [...Days.anyOf, { const: 'default' }], description: `${RETENTION[name].description}; null: for ever, "default": as the service has it`,
}))), { additionalProperties: false })

export const Tenant = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  quotas: Type.Object(perQuota((name) => Type.Optional(Type.Unsafe<number | null>({ ...Limit, description: QUOTAS[name].description }))), { description: 'its own limits; what is absent is as the service has it' }),
  retention: Type.Object(perRetention((name) => Type.Optional(Type.Unsafe<number | null>({ ...Days, description: RETENTION[name].description }))), { description: 'how long it keeps things; what is absent is as the service has it' }),
})

export const Used = table((name) => Type.Integer({ description: QUOTAS[name].description }))

export function tenantView ({ id, name, createdAt, quotas, retention }: TenantRow): Static<typeof Tenant> {
  return { id, name, createdAt: createdAt.toISOString(), quotas: { ...quotas } as Partial<Quotas> as Static<typeof Tenant>['quotas'], retention: { ...retention } as Partial<Retention> as Static<typeof Tenant>['retention'] }
}

/** The quotas with the changes: `default` takes one away. */
export function changedQuotas (own: OwnQuotas, changes: Static<typeof QuotasChange>): OwnQuotas {
  return changed(own, changes) as OwnQuotas
}

/** The same for how long things are kept. */
export function changedRetention (own: OwnRetention, changes: Static<typeof RetentionChange>): OwnRetention {
  return changed(own, changes) as OwnRetention
}

function changed (own: object, changes: object): object {
  return Object.fromEntries(Object.entries({ ...own, ...changes }).filter(([, value]) => value !== 'default' && value !== undefined))
}
