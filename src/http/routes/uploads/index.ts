/** /v1/uploads: files in pieces, over as many requests and processes as it takes, by the resumable upload protocol (tus 1.0.0). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { TenantCatalog } from '../../../jobs/ports.ts'
import type { UploadRow } from '../../../jobs/uploads.ts'
import { answerOnce, fingerprintOf, idempotencyKey } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, nothing, PageQuery, pageOf, problems } from '../../schemas.ts'
import { drain } from '../../uploads/drain.ts'
import { answerTus, UPLOADS } from '../../uploads/tus/index.ts'
import { uploadLocker } from '../../uploads/tus/locker.ts'
import { CreateHeaders, PatchHeaders, UploadRef, uploadView, VersionHeaders } from './schemas.ts'

const PIECE = 'application/offset+octet-stream'

/** Adds the routes to a scope of their own, in which pieces of files are taken. */
export function addUploadRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies
  const locker = uploadLocker()
  const mineOf = (request: FastifyRequest): TenantCatalog => catalog.of(tenantOf(request))

  // They are read where they are stored.
  app.addContentTypeParser(PIECE, (_request, payload, done) => { done(null, payload) })

  /** Before anything is said of the request itself: of others' uploads nothing is told. */
  async function found (request: FastifyRequest, id: string): Promise<UploadRow> {
    const upload = await mineOf(request).upload(id)
    if (upload === null) {
      drain(request.raw)
      throw new EspalierError('not-found', `there is no upload ${id}`, { id })
    }
    return upload
  }

  async function alive (request: FastifyRequest, id: string): Promise<void> {
    if (!(await found(request, id)).expired) return
    drain(request.raw)
    throw new EspalierError('upload-expired', `upload ${id} has expired; begin it anew`, { id })
  }

  async function answer (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return await reply.code(await answerTus(request, reply, dependencies, locker)).send(null)
  }

  app.options('/uploads', {
    schema: {
      operationId: 'describeUploads',
      security: needs(),
      summary: 'What of the protocol is spoken here',
      description: 'Tus-Version, Tus-Extension and Tus-Max-Size.',
      tags: ['uploads'],
      querystring: NoQuery,
      response: { 204: nothing('In the headers'), ...problems() },
    },
  }, answer)

  app.post('/uploads', {
    schema: {
      operationId: 'createUpload',
      security: needs('write'),
      summary: 'Begin an upload in pieces',
      description: 'By the resumable upload protocol, tus 1.0.0 (https://tus.io), with creation, expiration and termination. There is no body: PATCH sends the bytes to the Location.\n\n' +
        'When all are there, `POST /v1/models` or `POST /v1/datasets` with `{"upload": ID}` makes something of it. Until then it counts as stored with all its bytes.',
      tags: ['uploads'],
      headers: CreateHeaders,
      querystring: NoQuery,
      response: { 201: json('The upload; Location holds its address', UploadRef), ...problems(404, 409, 412, 413, 415, 422) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    if (request.headers['content-type'] !== undefined) {
      drain(request.raw)
      throw new EspalierError('unsupported-media-type', `this takes no body; send it with PATCH to the address in Location, as ${PIECE}`)
    }
    const { 'upload-length': length, 'upload-metadata': metadata, 'tus-resumable': version } = request.headers
    return await answerOnce(request, reply, catalog, fingerprintOf([length ?? null, metadata ?? null, version ?? null]), async () => {
      await answerTus(request, reply, dependencies, locker)
      const location = String(reply.getHeader('location'))
      return { status: 201, location, body: uploadView(await found(request, location.slice(UPLOADS.length + 1))) }
    })
  })

  app.get('/uploads', {
    schema: {
      operationId: 'listUploads',
      security: needs('read'),
      summary: 'List uploads of which nothing was made yet, newest first',
      tags: ['uploads'],
      querystring: PageQuery,
      response: { 200: json('One page of uploads', pageOf(UploadRef)), ...problems() },
    },
  }, async (request) => {
    const { items, next } = await mineOf(request).uploads(request.query)
    return { items: items.map(uploadView), next }
  })

  app.head('/uploads/:id', {
    schema: {
      operationId: 'askUpload',
      security: needs('write'),
      summary: 'How many bytes are there? In Upload-Offset',
      tags: ['uploads'],
      params: IdParams,
      headers: VersionHeaders,
      querystring: NoQuery,
      response: { 200: nothing('In the headers'), ...problems(404, 410, 412) },
    },
  }, async (request, reply) => {
    await alive(request, request.params.id)
    return await answer(request, reply)
  })

  app.get('/uploads/:id', {
    exposeHeadRoute: false,
    schema: {
      operationId: 'getUpload',
      security: needs('read'),
      summary: 'Read one upload',
      tags: ['uploads'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The upload', UploadRef), ...problems(404) },
    },
  }, async (request) => uploadView(await found(request, request.params.id)))

  app.patch('/uploads/:id', {
    schema: {
      operationId: 'sendPiece',
      security: needs('write'),
      summary: 'Send bytes of an upload',
      description: 'From Upload-Offset on, to the end of the file or before. What has come when the connection breaks is kept; HEAD tells how much.',
      tags: ['uploads'],
      consumes: [PIECE],
      params: IdParams,
      headers: PatchHeaders,
      querystring: NoQuery,
      body: { content: { [PIECE]: { schema: Type.String({ format: 'binary' }) } } },
      response: { 204: nothing('Upload-Offset tells how many bytes are there now'), ...problems(404, 409, 410, 412, 413, 415, 422, 503, 507) },
    },
  }, async (request, reply) => {
    await alive(request, request.params.id)
    if (request.headers['content-type'] !== PIECE) throw new EspalierError('unsupported-media-type', `the bytes must come as ${PIECE}`)
    try {
      return await answer(request, reply)
    } finally {
      request.server.remover.after()
    }
  })

  app.delete('/uploads/:id', {
    schema: {
      operationId: 'deleteUpload',
      security: needs('write'),
      summary: 'End an upload, with all that came of it',
      tags: ['uploads'],
      params: IdParams,
      headers: VersionHeaders,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 412) },
    },
  }, async (request, reply) => {
    await found(request, request.params.id)
    return await answer(request, reply)
  })
}
