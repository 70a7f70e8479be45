/** GET /v1/jobs, GET and DELETE /v1/jobs/{id}. */
import { Type } from 'typebox'
import { summaryOf } from '../../../jobs/use-cases/job-view.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, JobRef, JobsQuery, JobSummaryRef, json, NoQuery, nothing, pageOf, problems } from '../../schemas.ts'
import { WaitSeconds } from '../../waiting.ts'
import type { JobInTheEnd } from './ended.ts'
import { noSuchJob } from './find.ts'

const JobQuery = Type.Object({
  wait: Type.Optional(WaitSeconds),
}, { additionalProperties: false })

export function addJobReadRoutes (app: App, { catalog }: Dependencies, inTheEnd: JobInTheEnd): void {
  app.get('/jobs', {
    schema: {
      operationId: 'listJobs',
      security: needs('read'),
      summary: 'List jobs, newest first',
      description: 'Without attempts and artifacts, and of receipts the figures alone: the rest is in GET /v1/jobs/{id}.',
      tags: ['jobs'],
      querystring: JobsQuery,
      response: { 200: json('One page of jobs', pageOf(JobSummaryRef)), ...problems() },
    },
  }, async (request) => {
    const { items, next } = await catalog.of(tenantOf(request)).jobs(request.query)
    return { items: items.map(summaryOf), next }
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
    const { id } = request.params
    const job = await inTheEnd(reply, tenantOf(request), id, request.query.wait)
    if (job === null) throw noSuchJob(id)
    return job
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
