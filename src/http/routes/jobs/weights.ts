/** GET /v1/jobs/{id}/weights: what became of a job's weights, tensor by tensor; .../{tensor}/mask: a window of a mask. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { JobRow } from '../../../jobs/ports.ts'
import { TensorRecord, type StoredTensorRecord } from '../../../methods/weight-record/record.ts'
import { readMaskWindow } from '../../../methods/weight-record/window.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, problems } from '../../schemas.ts'
import { createWeightRecords } from '../../weight-records.ts'
import { findJob, receiptOf } from './find.ts'

/** No tensor has more weights. */
const MAX_SIDE = 2 ** 31 - 1
const MAX_CELLS = 256

const Weights = Type.Object({
  job: Type.String(),
  tensors: Type.Array(Type.Object({
    ...TensorRecord.properties,
    mask: Type.Union([Type.String(), Type.Null()], { description: 'address of its mask; null where it is too large to have one' }),
  }), { description: 'prunable tensors in the order of the file' }),
  left: Type.Integer({ description: 'prunable tensors that are not told of: 4096 are at most' }),
})

const MaskParams = Type.Object({
  ...IdParams.properties,
  tensor: Type.String({ minLength: 1, maxLength: 1000, description: 'its `name`, percent-encoded: dense%2Fkernel' }),
})

const MaskQuery = Type.Object({
  row: Type.Integer({ minimum: 0, maximum: MAX_SIDE, default: 0, description: 'first row of the matrix' }),
  column: Type.Integer({ minimum: 0, maximum: MAX_SIDE, default: 0 }),
  rows: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SIDE, description: 'how many; absent, or more than there are: to the end' })),
  columns: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_SIDE })),
  cells: Type.Integer({ minimum: 1, maximum: MAX_CELLS, default: MAX_CELLS, description: 'at most so many down and across' }),
}, { additionalProperties: false })

const Mask = Type.Object({
  row: Type.Integer({ description: 'first row of the first cell' }),
  column: Type.Integer(),
  rows: Type.Integer({ description: 'of all cells: at least those that were asked for' }),
  columns: Type.Integer(),
  cellRows: Type.Integer({ description: 'rows of a cell, a power of two; the last may have fewer' }),
  cellColumns: Type.Integer(),
  down: Type.Integer({ description: 'cells from top to bottom' }),
  across: Type.Integer({ description: 'cells from left to right' }),
  shares: Type.String({ contentEncoding: 'base64', description: 'down * across bytes, row by row: 255 * share of the weights of the cell that are kept. 0 only where none is, 255 only where all are' }),
})

export function addWeightRoutes (app: App, { catalog, blobs }: Dependencies): void {
  const records = createWeightRecords(blobs)

  app.get('/jobs/:id/weights', {
    schema: {
      operationId: 'getJobWeights',
      security: needs('read'),
      summary: 'What became of the weights, tensor by tensor',
      description: 'For each prunable tensor its matrix, values and histogram before and after, and where its mask is. Of jobs that wrote a model.',
      tags: ['jobs'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: json('The tensors', Weights), ...problems(404, 409) },
    },
  }, async (request) => {
    const row = await findJob(catalog.of(tenantOf(request)), request.params.id)
    return await records.read(recordOf(row), ({ tensors, left }) => ({
      job: row.id,
      tensors: tensors.map((tensor) => ({ ...tensor, mask: tensor.mask && `/v1/jobs/${row.id}/weights/${encodeURIComponent(tensor.name)}/mask` })),
      left,
    }))
  })

  app.get('/jobs/:id/weights/:tensor/mask', {
    schema: {
      operationId: 'getJobMask',
      security: needs('read'),
      summary: 'A window of the mask of a tensor',
      description: 'Which weights of the matrix [positions * inputs, outputs] are kept, in cells of one scale: of one weight each where the window is small. Cells begin at multiples of their size, so that the window may come out a little larger than asked.',
      tags: ['jobs'],
      params: MaskParams,
      querystring: MaskQuery,
      response: { 200: json('The window', Mask), ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const row = await findJob(catalog.of(tenantOf(request)), request.params.id)
    const window = await records.read(recordOf(row), async ({ tensors }, file) => await readMaskWindow(file, maskOf(tensors, request.params.tensor, row.id), request.query))
    reply.header('cache-control', 'private, max-age=3600')
    return { ...window, shares: Buffer.from(window.shares).toString('base64') }
  })
}

/** sha256 of the record. Throws `conflict` while the job has not succeeded and `not-found` where it has none. */
function recordOf (row: JobRow): string {
  receiptOf(row)
  if (row.weightsFile !== null) return row.weightsFile.sha256
  throw new EspalierError('not-found', `job ${row.id} has no record of weights: it wrote no model, or is from before there were such records`)
}

function maskOf (tensors: readonly StoredTensorRecord[], name: string, job: string): StoredTensorRecord & { readonly mask: NonNullable<StoredTensorRecord['mask']> } {
  const tensor = tensors.find((one) => one.name === name)
  if (tensor === undefined) throw new EspalierError('not-found', `job ${job} has no tensor ${JSON.stringify(name)}; GET /v1/jobs/${job}/weights lists them`)
  const { mask } = tensor
  if (mask === null) throw new EspalierError('not-found', `${name} of job ${job} is too large to have a mask`)
  return { ...tensor, mask }
}
