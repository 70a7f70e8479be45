/** /healthz: the process answers. /readyz: everything it needs answers too. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { json, problems } from '../../schemas.ts'

/** A service that takes longer to say "here" is of no use. */
const PATIENCE_MS = 2_000

const Health = Type.Object({ status: Type.Literal('ok'), version: Type.String() })
const Readiness = Type.Object({ status: Type.Literal('ready'), checks: Type.Record(Type.String(), Type.String()) })

export function addHealthRoutes (app: App, { catalog, queue, blobs, version }: Dependencies): void {
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
      tags: ['system'],
      security: [],
      response: { 200: json('It does', Readiness), ...problems(503) },
    },
  }, async (request) => {
    const services = { postgres: catalog, valkey: queue, blobs }
    const checks = Object.fromEntries(await Promise.all(Object.entries(services).map(async ([name, service]) => {
      try {
        await within(PATIENCE_MS, service.ping())
        return [name, 'up'] as const
      } catch (error) {
        request.log.warn(`${name} does not answer: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
        return [name, 'down'] as const
      }
    })))
    const down = Object.entries(checks).filter(([, state]) => state === 'down').map(([name]) => name)
    if (down.length > 0) throw new EspalierError('unavailable', `no answer from ${down.join(', ')}`, { checks, down })
    return { status: 'ready', checks }
  })
}

async function within (milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
