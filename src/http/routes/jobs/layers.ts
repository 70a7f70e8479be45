/** GET /v1/jobs/{id}/layers: the receipt's table, as JSON or CSV. */
import { Type } from 'typebox'
import { ReceiptLayer } from '../../../methods/receipt.ts'
import { asksForCsv, toCsv } from '../../csv.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { FormatQuery, IdParams, problems, tableOr } from '../../schemas.ts'
import { findJob, receiptOf } from './find.ts'

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
      security: needs('read'),
      summary: 'What was pruned, layer by layer',
      tags: ['jobs'],
      params: IdParams,
      querystring: FormatQuery,
      response: {
        200: tableOr(Type.Object({ items: Type.Array(ReceiptLayer) }), 'The table'),
        ...problems(404, 409),
      },
    },
  }, async (request, reply) => {
    const { layers } = receiptOf(await findJob(catalog.of(tenantOf(request)), request.params.id))
    reply.header('vary', 'accept')
    if (!asksForCsv(request)) return { items: layers }
    reply.header('content-disposition', 'attachment; filename="layers.csv"').type('text/csv; charset=utf-8; header=present')
    return await reply.send(Buffer.from(toCsv(COLUMNS, layers)))
  })
}
