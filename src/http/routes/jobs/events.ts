/** GET /v1/jobs/{id}/events: what happens to a job, as it happens. */
import { BEGINNING, jobCursorOf } from '../../../jobs/use-cases/stream-cursor.ts'
import { streamJob } from '../../../jobs/use-cases/job-stream.ts'
import { isEnded } from '../../../jobs/states.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { eventStream, StreamHeaders, StreamQuery } from '../../events/schemas.ts'
import type { OpenStreams } from '../../events/open-streams.ts'
import { lastEventId, sendEvents } from '../../events/sse.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, nothing, problems } from '../../schemas.ts'
import { noSuchJob } from './find.ts'

export function addJobEventsRoute (app: App, { catalog, changes }: Dependencies, streams: OpenStreams): void {
  app.get('/jobs/:id/events', {
    schema: {
      operationId: 'watchJob',
      security: needs('read'),
      summary: 'Watch one job',
      description: 'Server-Sent Events, from the first state of the job on:\n\n' +
        '- `state`: {job, state, attempt, at, error?}, each change, in order\n' +
        '- `progress`: {job, attempt, stage, done, total, etaSeconds, ...}, the latest\n' +
        '- `metrics`: {job, after, series, thinned}, new figures of training as in /metrics; what was told of steps behind `after` is void\n' +
        '- `receipt`: {job, artifacts, before, after, warnings}, when it has succeeded\n' +
        '- `end`: {job, state, attempt}, the last one, when the job has ended; the stream closes\n\n' +
        'With Last-Event-ID it goes on where it stopped: no state and no figure is lost or comes twice. Behind an `end` there is nothing: 204, on which browsers do not connect again, until the job is retried.',
      tags: ['jobs'],
      params: IdParams,
      headers: StreamHeaders,
      querystring: StreamQuery,
      response: { 200: eventStream('The events'), 204: nothing('The end was told, and nothing has happened since'), ...problems(404, 503) },
    },
  }, async (request, reply) => {
    const jobId = request.params.id
    const id = lastEventId(request)
    const from = id === undefined ? BEGINNING : jobCursorOf(id)
    const mine = catalog.of(tenantOf(request))
    const job = await mine.watched(jobId, from.event, 1)
    if (job === null) throw noSuchJob(jobId)
    if (from.ended && isEnded(job.state) && from.event === job.newest) return await reply.code(204).send(null)
    const signal = streams.open(request, reply)
    return await sendEvents(request, reply, () => streamJob({ catalog: mine, changes, jobId, from, signal }))
  })
}
