/** GET /v1/jobs/{id}/report: the receipt as a page that needs nothing else. */
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { reportPage, STYLE_SOURCE } from '../../report/page.ts'
import { IdParams, NoQuery, problems } from '../../schemas.ts'
import { findJob, receiptOf } from './find.ts'

export function addReportRoute (app: App, { catalog }: Dependencies): void {
  app.get('/jobs/:id/report', {
    schema: {
      operationId: 'getJobReport',
      security: needs('read'),
      summary: 'The receipt as an HTML page',
      tags: ['jobs'],
      params: IdParams,
      querystring: NoQuery,
      response: { 200: { description: 'The page', content: { 'text/html': { schema: { type: 'string' } } } }, ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const row = await findJob(catalog.of(tenantOf(request)), request.params.id)
    const page = reportPage({ id: row.id, createdAt: row.createdAt, finishedAt: row.finishedAt, receipt: receiptOf(row) })
    reply.header('content-security-policy', `default-src 'none'; style-src '${STYLE_SOURCE}'; frame-ancestors 'none'`)
    return await reply.type('text/html; charset=utf-8').send(Buffer.from(page))
  })
}
