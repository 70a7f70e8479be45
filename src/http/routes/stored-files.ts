/** What models and data sets have in common: list, read, download, delete. */
import type { FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { EspalierError } from '../../errors.ts'
import type { Page, PageRequest, TenantCatalog } from '../../jobs/ports.ts'
import type { Dataset, Model } from '../../jobs/resources.ts'
import { expiryOf, type Retention } from '../../jobs/retention.ts'
import { needs } from '../access/needs.ts'
import type { App, Dependencies } from '../dependencies.ts'
import { sendBlob } from '../download.ts'
import { tenantOf } from '../principal.ts'
import { binary, IdParams, json, NoQuery, nothing, PageQuery, pageOf, problems } from '../schemas.ts'

/** A kind of stored file and where its rows are. */
export interface StoredKind<T> {
  readonly path: 'models' | 'datasets'
  /** In operation ids and in messages. */
  readonly label: string
  readonly operation: string
  readonly schema: TSchema
  list (mine: TenantCatalog, page: PageRequest): Promise<Page<T>>
  find (mine: TenantCatalog, id: string): Promise<T | null>
  remove (mine: TenantCatalog, id: string): Promise<boolean>
}

/** With the time at which it goes, where there is one. */
export function withExpiry<T extends Model | Dataset> (row: T, days: Retention[StoredKind<T>['path']]): T {
  const expiresAt = expiryOf(row.createdAt, days)
  return expiresAt === undefined ? row : { ...row, expiresAt }
}

export function addStoredFileRoutes<T extends Model | Dataset> (app: App, { catalog, blobs }: Dependencies, kind: StoredKind<T>): void {
  const { path, label, operation } = kind
  const missing = (id: string) => new EspalierError('not-found', `there is no ${label} ${id}`)
  const mineOf = (request: FastifyRequest): TenantCatalog => catalog.of(tenantOf(request))
  const found = async (request: FastifyRequest, id: string): Promise<T> => {
    const row = await kind.find(mineOf(request), id)
    if (row === null) throw missing(id)
    return row
  }

  app.get(`/${path}`, {
    schema: {
      operationId: `list${operation}s`,
      security: needs('read'),
      summary: `List ${label}s, newest first`,
      tags: [path],
      querystring: PageQuery,
      response: { 200: json(`One page of ${label}s`, pageOf(kind.schema)), ...problems() },
    },
  }, async (request) => {
    const mine = mineOf(request)
    const [{ items, next }, kept] = await Promise.all([kind.list(mine, request.query), mine.retention()])
    return { items: items.map((row) => withExpiry(row, kept[path])), next }
  })

  app.get(`/${path}/:id`, {
    schema: {
      operationId: `get${operation}`,
      security: needs('read'),
      summary: `Read one ${label}`,
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json(`The ${label}`, kind.schema), ...problems(404) },
    },
  }, async (request) => {
    const [row, kept] = await Promise.all([found(request, request.params.id), mineOf(request).retention()])
    return withExpiry(row, kept[path])
  })

  app.route({
    method: ['GET', 'HEAD'],
    url: `/${path}/:id/file`,
    schema: {
      operationId: `download${operation}`,
      security: needs('read'),
      summary: `Download the file of a ${label}`,
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: binary('The file as it was uploaded'), 206: binary('The asked range of it'), ...problems(404, 416) },
    },
    handler: async (request, reply) => await sendBlob(request, reply, blobs, await found(request, request.params.id)),
  })

  app.delete(`/${path}/:id`, {
    schema: {
      operationId: `delete${operation}`,
      security: needs('write'),
      summary: `Delete a ${label}`,
      description: 'Refused while a job that has not ended uses it.',
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (!await kind.remove(mineOf(request), id)) throw missing(id)
    return await reply.code(204).send(null)
  })
}
