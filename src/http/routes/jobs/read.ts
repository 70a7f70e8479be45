/** GET /v1/jobs, GET and DELETE /v1/jobs/{id}. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Type } from 'typebox'
import type { JobRow } from '../../../jobs/ports.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, JobRef, JobsQuery, json, NoQuery, nothing, pageOf, problems } from '../../schemas.ts'
import { findJob, noSuchJob, viewOf } from './find.ts'

const JobQuery = Type.Object({
  wait: Type.Optional(Type.Number({ minimum: 0, maximum: 30, description: 'seconds to wait for the job to end before answering' })),
}, { additionalProperties: false })

/** How often a waiting request looks. */
const LOOK_MS = 60

const ENDED = new Set(['succeeded', 'failed', 'cancelled'])

export function addJobReadRoutes (app: App, { catalog }: Dependencies): void {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.get('/jobs', {
    schema: {
      operationId: 'listJobs',
      security: needs('read'),
      summary: 'List jobs, newest first',
      tags: ['jobs'],
      querystring: JobsQuery,
      response: { 200: json('One page of jobs', pageOf(JobRef)), ...problems() },
    },
  }, async (request) => {
    const mine = catalog.of(tenantOf(request))
    const { items, next } = await mine.jobs(request.query)
    return { items: await Promise.all(items.map(async (row) => await viewOf(mine, row))), next }
  })

  app.get('/jobs/:id', {
    schema: {
      operationId: 'getJob',
      security: needs('read'),
      summary: 'Read one job',
      description: 'With `wait` the answer comes when the job has ended, or after that many seconds in whatever state it is then.',
      tags: ['jobs'],
      params: IdParams,
      querystring: JobQuery,
      response: { 200: json('The job', JobRef), ...problems(404) },
    },
  }, async (request, reply) => {
    const until = Date.now() + (request.query.wait ?? 0) * 1000
    const gone = () => closing.signal.aborted || reply.raw.destroyed
    const mine = catalog.of(tenantOf(request))
    let row: JobRow = await findJob(mine, request.params.id)
    while (!ENDED.has(row.state) && Date.now() < until && !gone()) {
      await sleep(Math.min(LOOK_MS, Math.max(1, until - Date.now())))
      row = await findJob(mine, request.params.id)
    }
    return await viewOf(mine, row)
  })

  app.delete('/jobs/:id', {
    schema: {
      operationId: 'deleteJob',
      security: needs('write'),
      summary: 'Delete a job that has ended, with its artifacts',
      tags: ['jobs'],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (!await catalog.of(tenantOf(request)).deleteJob(id)) throw noSuchJob(id)
    return await reply.code(204).send(null)
  })
}
