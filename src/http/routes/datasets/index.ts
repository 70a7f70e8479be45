/** /v1/datasets: upload a data set file and see what is in it. */
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { DatasetRef, json, NoQuery, PostHeaders, problems } from '../../schemas.ts'
import { readDatasetFile } from '../../uploads/files.ts'
import { textField, type PartRule } from '../../uploads/form.ts'
import { madeFrom } from '../../uploads/making.ts'
import { addStoredFileRoutes, withExpiry } from '../stored-files.ts'
import { DatasetForm, DatasetFromUpload, scalingField } from './form.ts'

const PARTS = {
  file: { file: 'blob', description: 'the data set file (.npz, a zip of images, .npy or idx files, CSV, Parquet)' },
  name: { field: textField('name', 200), description: 'a label' },
  inputs: { field: scalingField, description: 'JSON {"scale": NUMBER, "offset": NUMBER}' },
} as const satisfies Record<string, PartRule>

export function addDatasetRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies

  const answer = madeFrom(dependencies, {
    kind: 'datasets',
    parts: PARTS,
    uploaded: DatasetFromUpload,
    said: ({ upload, name, inputs }) => ({ upload, name: name?.trim(), inputs: inputs && scalingField(inputs) }),
    async make (request, file, { name = file.name, inputs }) {
      const summary = await readDatasetFile(dependencies, file, inputs)
      const mine = catalog.of(tenantOf(request))
      const dataset = await mine.createDataset({ ...file, name }, summary)
      return { status: 201, location: `/v1/datasets/${dataset.id}`, body: withExpiry(dataset, (await mine.retention()).datasets) }
    },
  })

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
  }, answer)

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
