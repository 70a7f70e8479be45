/** /v1/datasets: upload a data set file and see what is in it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../../../errors.ts'
import type { InputScaling } from '../../../datasets/dataset.ts'
import { answerOnce, fingerprintOf, idempotencyKey, type Answer } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { DatasetRef, json, NoQuery, PostHeaders, problems } from '../../schemas.ts'
import { readDatasetFile } from '../../uploads/files.ts'
import { receiveUpload } from '../../uploads/finished.ts'
import { receiveForm, textField, type PartRule } from '../../uploads/form.ts'
import type { ReceivedFile } from '../../uploads/receive.ts'
import { withHeld, withRoom } from '../../uploads/room.ts'
import { validated } from '../../validation.ts'
import { addStoredFileRoutes, withExpiry } from '../stored-files.ts'
import { DatasetForm, DatasetFromUpload, scalingField } from './form.ts'

const PARTS = {
  file: { file: 'blob', description: 'the data set file (.npz, a zip of images, .npy or idx files, CSV, Parquet)' },
  name: { field: textField('name', 200), description: 'a label' },
  inputs: { field: scalingField, description: 'JSON {"scale": NUMBER, "offset": NUMBER}' },
} as const satisfies Record<string, PartRule>

export function addDatasetRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies

  async function made (request: FastifyRequest, file: ReceivedFile, name = file.name, inputs?: InputScaling): Promise<Answer> {
    const summary = await readDatasetFile(dependencies, file, inputs)
    const mine = catalog.of(tenantOf(request))
    const dataset = await mine.createDataset({ ...file, name }, summary)
    return { status: 201, location: `/v1/datasets/${dataset.id}`, body: withExpiry(dataset, (await mine.retention()).datasets) }
  }

  async function fromForm (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return await withRoom(request, dependencies, 'datasets', async (store) => {
      const form = await receiveForm(request, PARTS, store)
      const file = form.files.get('file')
      if (file === undefined) throw new EspalierError('invalid-request', `part "file" is needed: ${PARTS.file.description}`)
      return await answerOnce(request, reply, catalog, form.fingerprint, async () => await made(request, file, form.fields.get('name') as string | undefined, form.fields.get('inputs') as InputScaling | undefined))
    })
  }

  async function fromUpload (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = validated(DatasetFromUpload, request.body ?? {}, 'body')
    const { upload, name, inputs } = body
    return await withHeld(request, dependencies, async (blobs) => await answerOnce(request, reply, catalog, fingerprintOf(body), async () =>
      await made(request, await receiveUpload(catalog.of(tenantOf(request)), blobs, upload), name?.trim(), inputs && scalingField(inputs))))
  }

  app.post('/datasets', {
    schema: {
      operationId: 'createDataset',
      security: needs('write'),
      summary: 'Upload a data set',
      description: 'An .npz file with x and y (or x_train, y_train, x_test, y_test), PNG and JPEG images in a zip with a folder for each class, a CSV or Parquet table, ' +
        'or .npy files or gzipped idx pairs in a zip.\n\n' +
        'Images of bytes are scaled by 1/255 unless `inputs` says otherwise. As JSON: a finished upload, see `/v1/uploads`.',
      tags: ['datasets'],
      consumes: ['multipart/form-data', 'application/json'],
      headers: PostHeaders,
      querystring: NoQuery,
      body: { content: { 'multipart/form-data': { schema: DatasetForm }, 'application/json': { schema: DatasetFromUpload } } },
      response: { 201: json('The data set; Location holds its address', DatasetRef), ...problems(404, 409, 410, 413, 415, 422, 507) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    return request.isMultipart() ? await fromForm(request, reply) : await fromUpload(request, reply)
  })

  addStoredFileRoutes(app, dependencies, {
    path: 'datasets',
    label: 'data set',
    operation: 'Dataset',
    schema: DatasetRef,
    list: async (mine, page) => await mine.datasets(page),
    find: async (mine, id) => await mine.dataset(id),
    remove: async (mine, id) => await mine.deleteDataset(id),
  })
}
