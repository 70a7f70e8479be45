/** The dashboard: its page at every address of a client's route, its scripts and styles under /assets. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CLIENT_ROUTES } from '../client-routes.ts'
import type { App } from '../dependencies.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Sends the dashboard's page; undefined where it was not built. */
    page: ((reply: FastifyReply) => Promise<FastifyReply>) | undefined
  }
}

/** Scripts and styles of this server alone; numbers that a script sets of an element's style are not what this is about. */
const PAGE_POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "connect-src 'self'",
  "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ')

/** `folder`: what was built; without an index.html in it there are no pages. Call before other routes are added. */
export async function addPages (app: App, folder: string | undefined): Promise<void> {
  const page = folder === undefined ? undefined : await readFile(path.join(folder, 'index.html')).catch(() => undefined)
  if (folder === undefined || page === undefined) {
    app.decorate('page', undefined)
    return
  }
  // The page names the scripts by their content: it is asked for each time, they never again.
  app.decorate('page', async (reply: FastifyReply) => await reply
    .headers({ 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-cache', vary: 'accept' })
    .type('text/html; charset=utf-8').send(page))
  await app.register(async (assets) => {
    await assets.register(staticFiles, { root: path.join(folder, 'assets'), prefix: '/assets/', index: false, preCompressed: true, immutable: true, maxAge: '365d', schemaHide: true })
  })
  for (const route of CLIENT_ROUTES) {
    app.get(route, { schema: { hide: true } }, async (request, reply) => {
      if (!wantsPage(request)) return reply.callNotFound()
      return await app.page!(reply)
    })
  }
}

/** Programs ask for JSON, people's browsers for HTML; who asks for nothing in particular gets the page. */
export function wantsPage ({ headers: { accept = '*/*' } }: FastifyRequest): boolean {
  return /text\/(html|\*)|\*\/\*/i.test(accept)
}
