/** GET /v1/me: who the key makes one, what it may do, and what the tenant may use and uses. */
import { Type } from 'typebox'
import { meets } from '../../../jobs/scopes.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { principalOf } from '../../principal.ts'
import { json, NoQuery, problems } from '../../schemas.ts'
import { QuotasTable, RetentionTable, Used } from '../tenants/tenant.ts'

const Me = Type.Object({
  tenant: Type.Object({ id: Type.String(), name: Type.String() }),
  key: Type.Union([Type.String(), Type.Null()], { description: 'id of the key; null with ESPALIER_API_KEY or without a key' }),
  scopes: Type.Array(Type.String()),
  operator: Type.Boolean({ description: 'may it make and change tenants?' }),
  quotas: QuotasTable,
  used: Used,
  retention: RetentionTable,
})

export function addMeRoute (app: App, { catalog }: Dependencies): void {
  app.get('/me', {
    schema: {
      operationId: 'me',
      security: needs(),
      summary: 'Who am I?',
      tags: ['access'],
      querystring: NoQuery,
      response: { 200: json('The tenant, the scopes of the key, quotas and what is used of them', Me), ...problems() },
    },
  }, async (request) => {
    const { tenant: id, key, scopes } = principalOf(request)
    const { tenant, quotas, used, retention } = await catalog.of(id).standing()
    return { tenant: { id, name: tenant.name }, key, scopes, operator: meets('operator', id, scopes), quotas, used, retention }
  })
}
