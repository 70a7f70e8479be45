/** Turns whatever a request ended with into a problem document, and unknown addresses into 404 or 405. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError, type ErrorCode } from '../errors.ts'
import { secure } from './plugins/security.ts'
import { PROBLEM_MEDIA_TYPE, STATUS_OF_CODE, toProblem } from './problems.ts'

/** The framework's own errors by status: these are faults of the request, so their text may be told. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid-request',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'invalid-request',
  411: 'invalid-request',
  413: 'payload-too-large',
  414: 'invalid-request',
  415: 'unsupported-media-type',
  431: 'invalid-request',
}

/** The error as ours: expected ones stay, the framework's are translated, anything else is `internal`. */
export function translated (error: FastifyError | Error): EspalierError {
  if (error instanceof EspalierError) return error
  const known = EspalierError.from(error)
  if (known.code !== 'internal') return known
  const code = 'statusCode' in error && typeof error.statusCode === 'number' ? CODE_OF_STATUS[error.statusCode] : undefined
  return code !== undefined ? new EspalierError(code, error.message, {}, { cause: error }) : known
}

export function sendProblem (error: EspalierError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, { path: request.url.split('?')[0] ?? '/', requestId: request.id })
  request.problemCode = error.code
  if (error.code === 'unauthorized') reply.header('www-authenticate', 'Bearer realm="espalier"')
  if (error.code === 'rate-limited') reply.header('retry-after', String(error.details['retryAfter'] ?? 1))
  if (error.code === 'unavailable' || error.code === 'still-running') reply.header('retry-after', '1')
  // Bytes, since to text the framework adds a charset that this media type does not have.
  return reply.code(problem.status).type(PROBLEM_MEDIA_TYPE).send(Buffer.from(JSON.stringify(problem)))
}

/** What the framework refuses before a route is found: an address that it cannot read, a part of one that is longer than any id or name. */
export function sendUnrouted (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const ours = error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? new EspalierError('not-found', 'a part of the address is longer than any id or name here') : translated(error)
  secure(request, reply)
  void sendProblem(ours, request, reply)
}

/** Sets the handlers on the whole app; call before routes are added, so that 405 knows them. */
export function handleErrors (app: FastifyInstance): void {
  const routes: RoutePattern[] = []
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ expression: expressionOf(url), methods: [method].flat() })
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    // A body of a form that nobody asked for, at an address or with a method that nothing takes: the latter is what is wrong.
    if (request.is404) return notFound(request, reply)
    const ours = translated(error)
    // A service that is away is no fault of this program: a line says it, a stack would say no more.
    if (ours.code === 'unavailable' || ours.code === 'storage-full') request.log.warn(ours.message)
    else if (STATUS_OF_CODE[ours.code] >= 500) request.log.error({ err: ours.cause ?? ours }, ours.message)
    return sendProblem(ours, request, reply)
  })
  app.setNotFoundHandler(notFound)

  function notFound (request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?')[0] ?? '/'
    const methods = [...new Set(routes.filter((route) => route.expression.test(path)).flatMap((route) => route.methods))].sort()
    // A route that takes the method has looked and found nothing.
    if (methods.length === 0 || methods.includes(request.method)) {
      return sendProblem(new EspalierError('not-found', `there is nothing at ${request.method} ${path}; /docs lists the addresses`), request, reply)
    }
    reply.header('allow', methods.join(', '))
    const error = new EspalierError('method-not-allowed', `${path} takes ${methods.join(', ')}, not ${request.method}`, { allowed: methods })
    return sendProblem(error, request, reply)
  }
}

interface RoutePattern { readonly expression: RegExp, readonly methods: readonly string[] }

function expressionOf (url: string): RegExp {
  const pattern = url.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+').replace(/\*$/, '.*')
  return new RegExp(`^${pattern}$`)
}
