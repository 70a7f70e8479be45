/** GET and HEAD /v1/jobs/{id}/artifacts/{name}: downloads of what a job made; POST .../link: an address that opens one of them without a key. */
import { Type } from 'typebox'
import { findArtifact } from '../../../jobs/use-cases/find-artifact.ts'
import type { Guard } from '../../access/index.ts'
import { LinkQuery } from '../../access/links.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { principalOf, tenantOf } from '../../principal.ts'
import { sendBlob } from '../../download.ts'
import { binary, IdParams, json, NoQuery, nothing, problems } from '../../schemas.ts'

const ArtifactParams = Type.Object({ ...IdParams.properties, name: Type.String({ minLength: 1, maxLength: 255 }) })

const Link = Type.Object({
  url: Type.String({ description: 'address on this server that needs no key' }),
  expiresAt: Type.String({ format: 'date-time' }),
})

export function addArtifactRoutes (app: App, { catalog, blobs }: Dependencies, { links }: Guard): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/artifacts/:name',
    schema: {
      operationId: 'downloadArtifact',
      security: needs('read', { link: true }),
      summary: 'Download an artifact',
      description: 'The ETag is the sha256. Range, If-Range and If-None-Match work; Repr-Digest carries the hash of the whole file.',
      tags: ['jobs'],
      params: ArtifactParams,
      querystring: LinkQuery,
      response: { 200: binary('The file'), 206: binary('The asked range of it'), 304: nothing('It is what the client has'), ...problems(404, 416) },
    },
    handler: async (request, reply) => {
      const { id, name } = request.params
      const artifact = await findArtifact(catalog.of(tenantOf(request)), id, name)
      return await sendBlob(request, reply, blobs, { ...artifact, mediaType: name.endsWith('.json') ? 'application/json' : 'application/octet-stream' })
    },
  })

  app.post('/jobs/:id/artifacts/:name/link', {
    schema: {
      operationId: 'linkArtifact',
      security: needs('read'),
      summary: 'Make a link to an artifact',
      description: 'For a browser or another machine: an address that opens this artifact and nothing else for 5 minutes, without a key. It ends before that when the key that made it is revoked or the job deleted.',
      tags: ['jobs'],
      params: ArtifactParams,
      querystring: NoQuery,
      response: { 201: json('The link', Link), ...problems(404) },
    },
  }, async (request, reply) => {
    const { id, name } = request.params
    await findArtifact(catalog.of(tenantOf(request)), id, name)
    return await reply.code(201).send(await links.make(principalOf(request), id, name))
  })
}
