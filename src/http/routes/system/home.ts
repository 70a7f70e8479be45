/** / leads to the documentation; /openapi.json is the document itself. */
import type { App } from '../../dependencies.ts'

export function addHomeRoutes (app: App): void {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => await reply.redirect('/docs', 302))
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    return await reply.type('application/json; charset=utf-8').send(Buffer.from(JSON.stringify(app.swagger())))
  })
}
