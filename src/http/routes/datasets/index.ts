/** /v1/datasets: upload a data set file and see what is in it. */
import { EspalierError } from '../../../errors.ts'
import type { InputScaling } from '../../../datasets/dataset.ts'
import { answerOnce, idempotencyKey } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { DatasetRef, json, NoQuery, PostHeaders, problems } from '../../schemas.ts'
import { readDatasetFile } from '../../uploads/files.ts'
import { receiveForm, textField, type PartRule } from '../../uploads/form.ts'
import { withRoom } from '../../uploads/room.ts'
import { addStoredFileRoutes } from '../stored-files.ts'
import { DatasetForm, scalingField } from './form.ts'

const PARTS = {
  file: { file: 'blob', description: 'the data set file (.npz, a zip of images, .npy or idx files, CSV, Parquet)' },
  name: { field: textField('name', 200), description: 'a label' },
  inputs: { field: scalingField, description: 'JSON {"scale": NUMBER, "offset": NUMBER}' },
} as const satisfies Record<string, PartRule>

export function addDatasetRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies

  app.post('/datasets', {
    schema: {
      operationId: 'createDataset',
      security: needs('write'),
      summary: 'Upload a data set',
      description: 'An .npz file with x and y (or x_train, y_train, x_test, y_test), PNG and JPEG images in a zip with a folder for each class, a CSV or Parquet table, ' +
        'or .npy files or gzipped idx pairs in a zip.\n\n' +
        'Images of bytes are scaled by 1/255 unless `inputs` says otherwise.',
      tags: ['datasets'],
      consumes: ['multipart/form-data'],
      headers: PostHeaders,
      querystring: NoQuery,
      body: { content: { 'multipart/form-data': { schema: DatasetForm } } },
      response: { 201: json('The data set; Location holds its address', DatasetRef), ...problems(409, 413, 415, 422, 507) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    return await withRoom(request, dependencies, 'datasets', async (store) => {
      const form = await receiveForm(request, PARTS, store)
      const file = form.files.get('file')
      if (file === undefined) throw new EspalierError('invalid-request', `part "file" is needed: ${PARTS.file.description}`)
      return await answerOnce(request, reply, catalog, form.fingerprint, async () => {
        const summary = await readDatasetFile(dependencies, file, form.fields.get('inputs') as InputScaling | undefined)
        const dataset = await catalog.of(tenantOf(request)).createDataset({ ...file, name: form.fields.get('name') as string | undefined ?? file.name }, summary)
        return { status: 201, location: `/v1/datasets/${dataset.id}`, body: dataset }
      })
    })
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
