/** /v1/tenants: those for whom the service works, for admins of the first of them. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { Guard } from '../../access/index.ts'
import { needs } from '../../access/needs.ts'
import { refuseIdempotencyKey } from '../../answers.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { IdParams, json, NoQuery, nothing, PageQuery, pageOf, problems } from '../../schemas.ts'
import { validated } from '../../validation.ts'
import { Name, NewKey, newKeyView } from '../keys/key.ts'
import { changedQuotas, changedRetention, QuotasChange, RetentionChange, Tenant, tenantView } from './tenant.ts'

const CreateTenant = Type.Object({ name: Name, quotas: Type.Optional(QuotasChange), retention: Type.Optional(RetentionChange) }, { additionalProperties: false })
const ChangeTenant = Type.Object({ name: Type.Optional(Name), quotas: Type.Optional(QuotasChange), retention: Type.Optional(RetentionChange) }, { additionalProperties: false })
const NewTenant = Type.Object({ ...Tenant.properties, key: NewKey }, { description: 'with its first key' })
const DeleteQuery = Type.Object({ all: Type.Optional(Type.Boolean({ description: 'also all that it has' })) }, { additionalProperties: false })

export function addTenantRoutes (app: App, { catalog }: Dependencies, { keyring }: Guard): void {
  const missing = (id: string) => new EspalierError('not-found', `there is no tenant ${id}`)

  app.post('/tenants', {
    schema: {
      operationId: 'createTenant',
      security: needs('operator'),
      summary: 'Make a tenant',
      description: 'The answer has its first key, of all scopes, which is told once. This request takes no Idempotency-Key, since its answer is kept nowhere.',
      tags: ['access'],
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: CreateTenant } } },
      response: { 201: json('The tenant', NewTenant), ...problems(409, 415) },
    },
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { name, quotas = {}, retention = {} } = validated(CreateTenant, request.body ?? {}, 'body')
    const { tenant, issued } = await catalog.createTenant(name, changedQuotas({}, quotas), changedRetention({}, retention))
    return await reply.code(201).header('location', `/v1/tenants/${tenant.id}`).send({ ...tenantView(tenant), key: newKeyView(issued) })
  })

  app.get('/tenants', {
    schema: {
      operationId: 'listTenants',
      security: needs('operator'),
      summary: 'List tenants, newest first',
      tags: ['access'],
      querystring: PageQuery,
      response: { 200: json('One page of tenants', pageOf(Tenant)), ...problems() },
    },
  }, async (request) => {
    const { items, next } = await catalog.tenants(request.query)
    return { items: items.map(tenantView), next }
  })

  app.get('/tenants/:id', {
    schema: {
      operationId: 'getTenant',
      security: needs('operator'),
      summary: 'Read one tenant',
      tags: ['access'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The tenant', Tenant), ...problems(404) },
    },
  }, async (request) => {
    const tenant = await catalog.tenant(request.params.id)
    if (tenant === null) throw missing(request.params.id)
    return tenantView(tenant)
  })

  app.patch('/tenants/:id', {
    schema: {
      operationId: 'changeTenant',
      security: needs('operator'),
      summary: 'Rename a tenant, change its quotas or how long it keeps things',
      description: 'Quotas and days that are not named stay as they are. One below what is used takes nothing away; it lets nothing be added.',
      tags: ['access'],
      params: IdParams,
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: ChangeTenant } } },
      response: { 200: json('The tenant', Tenant), ...problems(404, 409, 415) },
    },
  }, async (request) => {
    const { id } = request.params
    const { name, quotas, retention } = validated(ChangeTenant, request.body ?? {}, 'body')
    const before = await catalog.tenant(id)
    const after = before === null
      ? null
      : await catalog.changeTenant(id, {
        ...(name !== undefined && { name }), ...(quotas !== undefined && { quotas: changedQuotas(before.quotas, quotas) }), ...(retention !== undefined && { retention: changedRetention(before.retention, retention) }),
      })
    if (after === null) throw missing(id)
    return tenantView(after)
  })

  app.delete('/tenants/:id', {
    schema: {
      operationId: 'deleteTenant',
      security: needs('operator'),
      summary: 'Delete a tenant',
      description: 'Refused while it has models, data sets or jobs, unless `all` is set; its keys end with it. Files that no row names any more are removed at once.',
      tags: ['access'],
      params: IdParams,
      querystring: DeleteQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (!await catalog.deleteTenant(id, request.query.all === true)) throw missing(id)
    keyring.forget()
    return await reply.code(204).send(null)
  })
}
