/** GET /v1/events: what happens to all jobs, as it happens. */
import { oneAfterAnother } from '../../../jobs/use-cases/one-after-another.ts'
import { tenantCursorOf } from '../../../jobs/use-cases/stream-cursor.ts'
import { streamTenant } from '../../../jobs/use-cases/tenant-stream.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { eventStream, StreamHeaders, StreamQuery } from '../../events/schemas.ts'
import { watchKeys } from '../../events/key-watch.ts'
import { openStreams, type OpenStreams } from '../../events/open-streams.ts'
import { lastEventId, sendEvents } from '../../events/sse.ts'
import { tenantOf } from '../../principal.ts'
import { problems } from '../../schemas.ts'
import { addJobEventsRoute } from '../jobs/events.ts'

/** Both kinds of streams share the limit of how many may be open. */
export function addEventRoutes (app: App, dependencies: Dependencies): void {
  const streams = openStreams(app, watchKeys(dependencies.catalog, dependencies.limits.keysMs), dependencies.limits)
  addEventsRoute(app, dependencies, streams)
  addJobEventsRoute(app, dependencies, streams)
}

function addEventsRoute (app: App, { catalog, changes }: Dependencies, streams: OpenStreams): void {
  const settled = oneAfterAnother(async () => await catalog.settledEvents(streams.closing))

  app.get('/events', {
    schema: {
      operationId: 'watchJobs',
      security: needs('read'),
      summary: 'Watch all jobs',
      description: 'Server-Sent Events of all jobs, from now on:\n\n' +
        '- `ready`: {}, the first one: what happens from here on is told, so that a list of jobs that is asked for now lacks nothing\n' +
        '- `state`: {job, state, attempt, at, error?}, each change, in one order for all jobs\n' +
        '- `progress`: {job, attempt, stage, done, total, etaSeconds, ...}, the latest of each job that is worked on\n\n' +
        'With Last-Event-ID it goes on where it stopped: no state is lost or comes twice. 0 begins with the first event of all.',
      tags: ['jobs'],
      headers: StreamHeaders,
      querystring: StreamQuery,
      response: { 200: eventStream('The events'), ...problems(503) },
    },
  }, async (request, reply) => {
    const tenant = tenantOf(request)
    const id = lastEventId(request)
    const from = id === undefined ? null : tenantCursorOf(id)
    const signal = streams.open(request, reply)
    return await sendEvents(request, reply, () => streamTenant({ catalog: catalog.of(tenant), changes, tenant, from, settled, signal }))
  })
}
