/** /v1/models: upload a model file and see what is in it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../../errors.ts'
import { answerOnce, fingerprintOf, idempotencyKey, type Answer } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { json, ModelRef, NoQuery, PostHeaders, problems } from '../../schemas.ts'
import { readModelFile } from '../../uploads/files.ts'
import { receiveUpload } from '../../uploads/finished.ts'
import { receiveForm, textField, type PartRule } from '../../uploads/form.ts'
import type { ReceivedFile } from '../../uploads/receive.ts'
import { withHeld, withRoom } from '../../uploads/room.ts'
import { validated } from '../../validation.ts'
import { addStoredFileRoutes, withExpiry } from '../stored-files.ts'
import { ModelForm, ModelFromUpload } from './form.ts'

const PARTS = {
  file: { file: 'model', description: 'the model file (.keras, .h5, .safetensors, a zip of a TF.js model, layers or graph, or its model.json and *.bin as several parts, a zip of safetensors files and their index, .onnx, or a zip of it with its external data)' },
  name: { field: textField('name', 200), description: 'a label' },
} as const satisfies Record<string, PartRule>

export function addModelRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies

  async function made (request: FastifyRequest, file: ReceivedFile, name = file.name): Promise<Answer> {
    const summary = await readModelFile(dependencies, file)
    const mine = catalog.of(tenantOf(request))
    const model = await mine.createModel({ ...file, name }, summary)
    return { status: 201, location: `/v1/models/${model.id}`, body: withExpiry(model, (await mine.retention()).models) }
  }

  async function fromForm (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return await withRoom(request, dependencies, 'models', async (store) => {
      const form = await receiveForm(request, PARTS, store)
      const file = form.files.get('file')
      if (file === undefined) throw new EspalierError('invalid-request', `part "file" is needed: ${PARTS.file.description}`)
      return await answerOnce(request, reply, catalog, form.fingerprint, async () => await made(request, file, form.fields.get('name') as string | undefined))
    })
  }

  async function fromUpload (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = validated(ModelFromUpload, request.body ?? {}, 'body')
    const { upload, name } = body
    return await withHeld(request, dependencies, async (blobs) => await answerOnce(request, reply, catalog, fingerprintOf(body), async () =>
      await made(request, await receiveUpload(catalog.of(tenantOf(request)), blobs, upload), name?.trim())))
  }

  app.post('/models', {
    schema: {
      operationId: 'createModel',
      security: needs('write'),
      summary: 'Upload a model',
      description: 'A Keras .keras or .h5 file, a .safetensors file or a zip of several, a TF.js model as a zip or as several `file` parts, or an ONNX model: .onnx, or a zip of it with its external data.\n\n' +
        'The file is streamed and read; what cannot be read is refused. As JSON: a finished upload, see `/v1/uploads`.',
      tags: ['models'],
      consumes: ['multipart/form-data', 'application/json'],
      headers: PostHeaders,
      querystring: NoQuery,
      body: { content: { 'multipart/form-data': { schema: ModelForm }, 'application/json': { schema: ModelFromUpload } } },
      response: { 201: json('The model; Location holds its address', ModelRef), ...problems(404, 409, 410, 413, 415, 422, 507) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    return request.isMultipart() ? await fromForm(request, reply) : await fromUpload(request, reply)
  })

  addStoredFileRoutes(app, dependencies, {
    path: 'models',
    label: 'model',
    operation: 'Model',
    schema: ModelRef,
    list: async (mine, page) => await mine.models(page),
    find: async (mine, id) => await mine.model(id),
    remove: async (mine, id) => await mine.deleteModel(id),
  })
}
