/** /healthz: the process lives. /readyz: everything it needs answers, or which of it does not. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { createReadiness, DEPENDENCIES } from '../../readiness.ts'
import { json, problems } from '../../schemas.ts'

const Health = Type.Object({ status: Type.Literal('ok'), version: Type.String() })
const State = Type.Union([Type.Literal('up'), Type.Literal('down'), Type.Literal('unknown')])
const CheckResult = Type.Object({ state: State, latencyMs: Type.Union([Type.Number(), Type.Null()]) })
const Readiness = Type.Object({
  status: Type.Literal('ready'),
  checks: Type.Object(Object.fromEntries(DEPENDENCIES.map((name) => [name, CheckResult])), { description: 'what the service needs; `schema`: the database has the tables of this version' }),
})

export function addHealthRoutes (app: App, { catalog, queue, blobs, figures, version }: Dependencies): void {
  const readiness = createReadiness({
    postgres: async () => { await catalog.ping() },
    valkey: async () => { await queue.ping() },
    blobs: async () => { await blobs.ping() },
    async schema () {
      const { missing } = await figures.schema()
      if (missing.length > 0) throw new Error(`the database lacks ${missing.join(', ')}`)
    },
  })

  app.get('/healthz', {
    schema: {
      operationId: 'health',
      summary: 'Is the process alive?',
      tags: ['system'],
      security: [],
      response: { 200: json('It is', Health), ...problems() },
    },
  }, async () => ({ status: 'ok', version }))

  app.get('/readyz', {
    schema: {
      operationId: 'readiness',
      summary: 'Does everything answer that is needed?',
      description: 'Answers within two seconds. The problem of a 503 has the same `checks`, and `down` names what does not answer.',
      tags: ['system'],
      security: [],
      response: { 200: json('It does', Readiness), ...problems(503) },
    },
  }, async (request) => {
    const checks = await readiness.check((dependency, reason) => { request.log.warn({ dependency }, `${dependency} does not answer: ${reason}`) })
    const down = DEPENDENCIES.filter((name) => checks[name].state === 'down')
    if (down.length > 0) throw new EspalierError('unavailable', `no answer from ${down.join(', ')}`, { checks, down })
    return { status: 'ready', checks }
  })
}
