/** / is the dashboard, or leads to the documentation; /openapi.json is the document itself. */
import type { App } from '../../dependencies.ts'
import { wantsPage } from '../../plugins/pages.ts'

export function addHomeRoutes (app: App): void {
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    if (app.page !== undefined && wantsPage(request)) return await app.page(reply)
    return await reply.header('vary', 'accept').redirect('/docs', 302)
  })
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    return await reply.type('application/json; charset=utf-8').send(Buffer.from(JSON.stringify(app.swagger())))
  })
}
