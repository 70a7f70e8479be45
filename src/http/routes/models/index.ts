/** /v1/models: upload a model file and see what is in it. */
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { json, ModelRef, NoQuery, PostHeaders, problems } from '../../schemas.ts'
import { readModelFile } from '../../uploads/files.ts'
import { textField, type PartRule } from '../../uploads/form.ts'
import { madeFrom } from '../../uploads/making.ts'
import { addStoredFileRoutes, withExpiry } from '../stored-files.ts'
import { ModelForm, ModelFromUpload } from './form.ts'

const PARTS = {
  file: { file: 'model', description: 'the model file (.keras, .h5, .safetensors, a zip of a TF.js model, layers or graph, or its model.json and *.bin as several parts, a zip of safetensors files and their index, .onnx, or a zip of it with its external data)' },
  name: { field: textField('name', 200), description: 'a label' },
} as const satisfies Record<string, PartRule>

export function addModelRoutes (app: App, dependencies: Dependencies): void {
  const { catalog } = dependencies

  const answer = madeFrom(dependencies, {
    kind: 'models',
    parts: PARTS,
    uploaded: ModelFromUpload,
    said: ({ upload, name }) => ({ upload, name: name?.trim() }),
    async make (request, file, { name = file.name }) {
      const summary = await readModelFile(dependencies, file)
      const mine = catalog.of(tenantOf(request))
      const model = await mine.createModel({ ...file, name }, summary)
      return { status: 201, location: `/v1/models/${model.id}`, body: withExpiry(model, (await mine.retention()).models) }
    },
  })

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
  }, answer)

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
