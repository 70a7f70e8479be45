/** GET /v1/audit: who did what in the tenant's name. */
import { Type } from 'typebox'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { json, PageQuery, pageOf, problems } from '../../schemas.ts'

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 100, description }))
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))

const AuditQuery = Type.Object({
  ...PageQuery.properties,
  actor: text('id of a key, `environment` (ESPALIER_API_KEY), `keyless` or `unknown`'),
  action: text('operation id, or `authenticate` for requests that were not let in'),
  target: text('id of what it was done to'),
  since: time('only from this time on'),
  until: time('only before this time'),
}, { additionalProperties: false })

const Entry = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  actor: Type.String(),
  action: Type.String(),
  target: Type.Union([Type.String(), Type.Null()]),
  status: Type.Integer({ description: 'of the answer' }),
  requestId: Type.String(),
  details: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
})

export function addAuditRoute (app: App, { catalog }: Dependencies): void {
  app.get('/audit', {
    schema: {
      operationId: 'listAudit',
      security: needs('admin'),
      summary: 'List what was done, newest first',
      description: 'Every request that may change something, and, in the first tenant, those that were not let in (one a minute of each address).',
      tags: ['access'],
      querystring: AuditQuery,
      response: { 200: json('One page of the record', pageOf(Entry)), ...problems() },
    },
  }, async (request) => {
    const { since, until, ...query } = request.query
    const times = { ...(since !== undefined && { since: new Date(since) }), ...(until !== undefined && { until: new Date(until) }) }
    const { items, next } = await catalog.of(tenantOf(request)).audit({ ...query, ...times })
    return { items: items.map(({ id, at, actor, action, target, status, requestId, details }) => ({ id, at: at.toISOString(), actor, action, target, status, requestId, details })), next }
  })
}
