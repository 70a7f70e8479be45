/** What models and data sets have in common: list, read, download, delete. */
import type { TSchema } from 'typebox'
import { EspalierError } from '../../errors.ts'
import type { Page, PageRequest } from '../../jobs/ports.ts'
import type { Dataset, Model } from '../../jobs/resources.ts'
import type { App, Dependencies } from '../dependencies.ts'
import { sendBlob } from '../download.ts'
import { binary, IdParams, json, NoQuery, nothing, PageQuery, pageOf, problems } from '../schemas.ts'

/** A kind of stored file and where its rows are. */
export interface StoredKind<T> {
  readonly path: 'models' | 'datasets'
  /** In operation ids and in messages. */
  readonly label: string
  readonly operation: string
  readonly schema: TSchema
  list (page: PageRequest): Promise<Page<T>>
  find (id: string): Promise<T | null>
  remove (id: string): Promise<boolean>
}

export function addStoredFileRoutes<T extends Model | Dataset> (app: App, { blobs }: Dependencies, kind: StoredKind<T>): void {
  const { path, label, operation } = kind
  const missing = (id: string) => new EspalierError('not-found', `there is no ${label} ${id}`)
  const found = async (id: string): Promise<T> => {
    const row = await kind.find(id)
    if (row === null) throw missing(id)
    return row
  }

  app.get(`/${path}`, {
    schema: {
      operationId: `list${operation}s`,
      summary: `List ${label}s, newest first`,
      tags: [path],
      querystring: PageQuery,
      response: { 200: json(`One page of ${label}s`, pageOf(kind.schema)), ...problems() },
    },
  }, async ({ query }) => await kind.list(query))

  app.get(`/${path}/:id`, {
    schema: {
      operationId: `get${operation}`,
      summary: `Read one ${label}`,
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json(`The ${label}`, kind.schema), ...problems(404) },
    },
  }, async ({ params }) => await found(params.id))

  app.route({
    method: ['GET', 'HEAD'],
    url: `/${path}/:id/file`,
    schema: {
      operationId: `download${operation}`,
      summary: `Download the file of a ${label}`,
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: binary('The file as it was uploaded'), 206: binary('The asked range of it'), ...problems(404, 416) },
    },
    handler: async (request, reply) => await sendBlob(request, reply, blobs, await found(request.params.id)),
  })

  app.delete(`/${path}/:id`, {
    schema: {
      operationId: `delete${operation}`,
      summary: `Delete a ${label}`,
      description: 'Refused while a job that has not ended uses it.',
      tags: [path],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 409) },
    },
  }, async ({ params }, reply) => {
    if (!await kind.remove(params.id)) throw missing(params.id)
    return await reply.code(204).send(null)
  })
}
