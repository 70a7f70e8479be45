/** GET /v1/jobs/{id}/layers: the receipt's table, as JSON or CSV. */
import { Type } from 'typebox'
import { ReceiptLayer } from '../../../methods/receipt.ts'
import { toCsv } from '../../csv.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { IdParams, problems } from '../../schemas.ts'
import { findJob, receiptOf } from './find.ts'

const LayersQuery = Type.Object({
  format: Type.Optional(Type.Enum(['json', 'csv'], { description: 'the Accept header otherwise' })),
}, { additionalProperties: false })

const COLUMNS = {
  name: (layer: ReceiptLayer) => layer.name,
  type: (layer: ReceiptLayer) => layer.type,
  weights: (layer: ReceiptLayer) => layer.weights,
  nonzeros: (layer: ReceiptLayer) => layer.nonzeros,
  asked: (layer: ReceiptLayer) => layer.asked,
  achieved: (layer: ReceiptLayer) => layer.achieved,
  kept: (layer: ReceiptLayer) => layer.kept,
  skipped: (layer: ReceiptLayer) => layer.skipped,
} as const satisfies Record<keyof ReceiptLayer, (layer: ReceiptLayer) => string | number | null | undefined>

export function addLayersRoute (app: App, { catalog }: Dependencies): void {
  app.get('/jobs/:id/layers', {
    schema: {
      operationId: 'getJobLayers',
      summary: 'What was pruned, layer by layer',
      tags: ['jobs'],
      params: IdParams,
      querystring: LayersQuery,
      response: {
        200: {
          description: 'The table',
          content: { 'application/json': { schema: Type.Object({ items: Type.Array(ReceiptLayer) }) }, 'text/csv': { schema: Type.String() } },
        },
        ...problems(404, 409),
      },
    },
  }, async (request, reply) => {
    const { layers } = receiptOf(await findJob(catalog, request.params.id))
    const csv = request.query.format === 'csv' || (request.query.format === undefined && prefersCsv(request.headers.accept))
    reply.header('vary', 'accept')
    if (!csv) return { items: layers }
    reply.header('content-disposition', 'attachment; filename="layers.csv"').type('text/csv; charset=utf-8; header=present')
    return await reply.send(Buffer.from(toCsv(COLUMNS, layers)))
  })
}

/** CSV only when it is named, and JSON is not named before it. */
function prefersCsv (accept: string | undefined): boolean {
  const types = (accept ?? '').split(',').map((type) => type.split(';')[0]?.trim().toLowerCase())
  const csv = types.indexOf('text/csv')
  const json = types.indexOf('application/json')
  return csv !== -1 && (json === -1 || csv < json)
}
