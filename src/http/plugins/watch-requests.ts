/** Watches every request: counts and times by route, a span with the trace of the client, one line of the log. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { clientAddress } from '../client-address.ts'
import { NO_TRACING, type Span, type Tracing } from '../../jobs/tracing.ts'
import type { ApiMetrics } from '../service-metrics.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of the request; set before anything else sees it. */
    span: Span
    /** The code of the problem it was answered with. */
    problemCode: string | undefined
  }
}

/** Asked every few seconds by machines: neither a trace nor a line of the log at the usual level is worth it. */
const BY_MACHINES = new Set(['/healthz', '/readyz', '/metrics'])
/** A client that went away before the answer was complete; no status of HTTP. */
const GONE = 499
const NONE = 'none'

/** Call before other hooks are added, so that what they refuse is watched too. */
export function watchRequests (app: FastifyInstance, { metrics: { httpRequests, httpDuration, httpInFlight }, tracing }: { metrics: ApiMetrics['of'], tracing: Tracing }): void {
  app.decorateRequest('span', null as unknown as Span)
  app.decorateRequest('problemCode', undefined)

  app.addHook('onRequest', async (request, reply) => {
    // The pattern, not the address: one series for each route, however many ids there are.
    const route = request.routeOptions.url ?? NONE
    const { method } = request
    const labels = { method, route }
    const begin = performance.now()
    request.span = begun(request, tracing, route)
    if (request.span.traceId !== undefined) request.log = reply.log = request.log.child({ traceId: request.span.traceId })
    httpInFlight.inc(labels)
    let ended = false
    const end = (): void => {
      if (ended) return
      ended = true
      const seconds = (performance.now() - begin) / 1000
      const status = reply.raw.writableFinished || reply.raw.writableEnded ? reply.statusCode : GONE
      httpInFlight.dec(labels)
      httpRequests.inc({ ...labels, status: String(status) })
      httpDuration.observe(labels, seconds, request.span.context)
      endSpan(request, status)
      tell(request, route, status, seconds)
    }
    // The first of them; the hook does not see a client that goes away.
    reply.raw.once('finish', end).once('close', end)
  })
}

function begun ({ method, headers, routeOptions }: FastifyRequest, tracing: Tracing, route: string): Span {
  const parent = contextOf(headers['traceparent'], headers['tracestate'])
  if (parent === undefined && BY_MACHINES.has(route)) return NO_TRACING.start('')
  return tracing.start(routeOptions.url === undefined ? method : `${method} ${route}`, {
    kind: 'server', parent, attributes: { 'http.request.method': method, 'http.route': routeOptions.url },
  })
}

function contextOf (parent: string | string[] | undefined, state: string | string[] | undefined): string | undefined {
  if (typeof parent !== 'string') return undefined
  const text = [state ?? []].flat().join(',')
  return text === '' ? parent : `${parent};${text}`
}

function endSpan ({ span, problemCode }: FastifyRequest, status: number): void {
  span.set({ 'http.response.status_code': status, ...(problemCode !== undefined && { 'espalier.error.code': problemCode }) })
  // What a client did wrong is no error of the server.
  if (status >= 500) span.fail(problemCode ?? String(status))
  span.end()
}

function tell (request: FastifyRequest, route: string, status: number, seconds: number): void {
  const { method, url } = request
  const line = { req: { method, url, ip: clientAddress(request) }, route, status, ms: Math.round(seconds * 1000), ...(request.problemCode !== undefined && { code: request.problemCode }) }
  if (BY_MACHINES.has(route)) request.log.debug(line, 'request')
  else request.log.info(line, 'request')
}
