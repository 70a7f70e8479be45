/** /v1/catalog: what can be asked of this server, out of the same tables that do it. */
import { Type } from 'typebox'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { json, NoQuery, problems } from '../../schemas.ts'

const Entry = Type.Object({ name: Type.String(), description: Type.String() }, { additionalProperties: true })
const Catalogue = Type.Record(Type.String(), Type.Array(Entry), { description: 'tables by name: methods, criteria, scopes, formats, ...' })

export function addCatalogueRoute (app: App, { catalogue }: Dependencies): void {
  app.get('/catalog', {
    schema: {
      operationId: 'catalog',
      security: needs(),
      summary: 'Methods, criteria, scopes and formats with their descriptions',
      tags: ['system'],
      querystring: NoQuery,
      response: { 200: json('The tables', Catalogue), ...problems() },
    },
  }, async () => catalogue)
}
