/** Who did what: each request that changes something, and those that were not let in, are put on record after their answer. */
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify'
import { clientAddress } from '../client-address.ts'
import { FIRST_TENANT } from '../../jobs/tenants.ts'
import type { AuditNote, Tenants } from '../../jobs/tenant-ports.ts'

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** Entries written with one statement. */
const AT_ONCE = 500
/** Entries that wait for a Postgres that is away; more of them cost the oldest. */
const MOST_WAITING = 10_000
const PAUSE_MS = 1000
/** An address that keeps sending wrong keys is put on record once in this time. */
const REFUSALS_EVERY_MS = 60_000
const MOST_ADDRESSES = 10_000

/** The actor of a request whose key is none. */
export const UNKNOWN = 'unknown'

export interface Recorder {
  add (note: AuditNote): void
  /** Writes what waits. What Postgres does not take then is in the log. */
  close (): Promise<void>
}

export function createRecorder (catalog: Pick<Tenants, 'note'>, log: Pick<FastifyBaseLogger, 'warn'>): Recorder {
  let waiting: AuditNote[] = []
  let writing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function write (): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, AT_ONCE)
      try {
        await catalog.note(batch)
      } catch (error) {
        if (closed) return log.warn({ err: error, entries: waiting }, 'the record of actions could not be written')
        timer = setTimeout(begin, PAUSE_MS)
        timer.unref()
        return
      }
      waiting = waiting.slice(batch.length)
    }
  }

  function begin (): void {
    timer = undefined
    writing ??= write().finally(() => { writing = undefined })
  }

  return {
    add (note) {
      waiting.push(note)
      if (waiting.length > MOST_WAITING) log.warn({ entry: waiting.shift() }, 'the record of actions is full, as Postgres is away: its oldest entry is here alone')
      if (timer === undefined) begin()
    },
    async close () {
      closed = true
      clearTimeout(timer)
      await writing
      await write()
    },
  }
}

/** Puts every request of this scope that may change something on record, whether it did or was refused. */
export function recordChanges (app: FastifyInstance, recorder: Recorder): void {
  app.addHook('onResponse', async (request, reply) => {
    if (request.principal === null || !CHANGES.has(request.method)) return
    const { tenant, actor } = request.principal
    const { id, ...others } = request.params as Readonly<Record<string, string>>
    recorder.add({
      tenantId: tenant,
      at: new Date(),
      actor,
      action: request.routeOptions.schema?.operationId ?? `${request.method} ${request.routeOptions.url ?? ''}`,
      target: id ?? madeBy(reply.getHeader('location')),
      status: reply.statusCode,
      requestId: request.id,
      details: { address: clientAddress(request), ...others },
    })
  })
}

/** Puts requests that were not let in on record, the first of each address in a minute. */
export function refusalRecorder (recorder: Recorder, now: () => number = Date.now): (request: FastifyRequest, owner: { tenantId: string, id: string } | null) => void {
  const seen = new Map<string, number>()
  return (request, owner) => {
    const who = `${owner?.id ?? ''} ${clientAddress(request)}`
    if ((seen.get(who) ?? -Infinity) > now() - REFUSALS_EVERY_MS) return
    seen.delete(who)
    seen.set(who, now())
    const [oldest] = seen.keys()
    if (seen.size > MOST_ADDRESSES && oldest !== undefined) seen.delete(oldest)
    recorder.add({
      tenantId: owner?.tenantId ?? FIRST_TENANT,
      at: new Date(now()),
      actor: owner?.id ?? UNKNOWN,
      action: 'authenticate',
      target: null,
      status: 401,
      requestId: request.id,
      details: { address: clientAddress(request), method: request.method, route: request.routeOptions.url ?? null },
    })
  }
}

/** The id at the end of the address of what a request made. */
function madeBy (location: unknown): string | null {
  return typeof location === 'string' ? location.split('/').at(-1) ?? null : null
}
