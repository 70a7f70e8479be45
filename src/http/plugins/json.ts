/** Reads JSON bodies; other content types than JSON and multipart are refused. */
import type { FastifyInstance } from 'fastify'
import { EspalierError } from '../../errors.ts'

export function readJsonBodies (app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['text/plain', 'application/json'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    // Many clients send the header with an empty body, on POST /cancel for example.
    if (text === '') return done(null, undefined)
    parse(request, text as string, (error, value) => {
      if (error === null) return done(null, value)
      done(new EspalierError('invalid-request', `body: is not valid JSON (${error.message})`, {}, { cause: error }))
    })
  })
}
