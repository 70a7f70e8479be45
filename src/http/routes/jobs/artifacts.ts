/** GET and HEAD /v1/jobs/{id}/artifacts/{name}: downloads of what a job made. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { sendBlob } from '../../download.ts'
import { binary, IdParams, NoQuery, nothing, problems } from '../../schemas.ts'
import { findJob } from './find.ts'

const ArtifactParams = Type.Object({ ...IdParams.properties, name: Type.String({ minLength: 1, maxLength: 255 }) })

export function addArtifactRoute (app: App, { catalog, blobs }: Dependencies): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/jobs/:id/artifacts/:name',
    schema: {
      operationId: 'downloadArtifact',
      summary: 'Download an artifact',
      description: 'The ETag is the sha256. Range, If-Range and If-None-Match work; Repr-Digest carries the hash of the whole file.',
      tags: ['jobs'],
      params: ArtifactParams,
      querystring: NoQuery,
      response: { 200: binary('The file'), 206: binary('The asked range of it'), 304: nothing('It is what the client has'), ...problems(404, 416) },
    },
    handler: async (request, reply) => {
      const { id, name } = request.params
      const mine = catalog.of(tenantOf(request))
      await findJob(mine, id)
      const artifacts = await mine.artifacts(id)
      const artifact = artifacts.find((candidate) => candidate.name === name)
      if (artifact === undefined) {
        const there = artifacts.length > 0 ? `it has ${artifacts.map((each) => each.name).join(', ')}` : 'it has none'
        throw new EspalierError('not-found', `job ${id} has no artifact ${name}: ${there}`)
      }
      return await sendBlob(request, reply, blobs, { ...artifact, mediaType: name.endsWith('.json') ? 'application/json' : 'application/octet-stream' })
    },
  })
}
