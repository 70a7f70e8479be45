/** POST /v1/sweeps, POST /v1/sweeps/{id}/cancel and DELETE /v1/sweeps/{id}. */
import type { SweepRow } from '../../../jobs/sweeps/ports.ts'
import type { Sweep } from '../../../jobs/sweeps/resource.ts'
import type { TenantCatalog } from '../../../jobs/ports.ts'
import { parsePick } from '../../../jobs/sweeps/picks/index.ts'
import { sweepView } from '../../../jobs/sweeps/view.ts'
import { cancelSweep, noSuchSweep } from '../../../jobs/use-cases/cancel-sweep.ts'
import { submitSweep } from '../../../jobs/use-cases/submit-sweep.ts'
import { answerOnce, fingerprintOf, idempotencyKey } from '../../answers.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, NoQuery, nothing, PostHeaders, problems, SweepRef } from '../../schemas.ts'
import { validated } from '../../validation.ts'
import { SweepRequest, SweepRequestDocument } from './form.ts'

async function viewOf (catalog: TenantCatalog, row: SweepRow): Promise<Sweep> {
  return sweepView(row, await catalog.sweepPoints(row.id))
}

export function addSweepWriteRoutes (app: App, { catalog, queue, limits: { job: maxima } }: Dependencies): void {
  app.post('/sweeps', {
    schema: {
      operationId: 'createSweep',
      security: needs('write'),
      summary: 'Try many recipes on one model',
      description: 'A list of recipes, or one recipe and a grid of values that take places in it. Each is a job; all are checked before the first one is made. ' +
        'When all have ended the sweep tells the Pareto sets of accuracy and costs, and the point that the rule `pick` takes.',
      tags: ['sweeps'],
      headers: PostHeaders,
      querystring: NoQuery,
      body: { content: { 'application/json': { schema: SweepRequestDocument } } },
      response: { 202: json('The sweep with its jobs, queued; Location holds its address', SweepRef), ...problems(404, 409, 413, 415, 422) },
    },
  }, async (request, reply) => {
    idempotencyKey(request)
    const { model, dataset, evaluationDataset, name, pick, ...recipes } = validated(SweepRequest, request.body ?? {}, 'body')
    const rule = pick === undefined || pick === null ? null : parsePick(pick)
    return await answerOnce(request, reply, catalog, fingerprintOf(request.body), async () => {
      const mine = { catalog: catalog.of(tenantOf(request)), queue, ...(maxima && { maxima }) }
      const row = await submitSweep(mine, {
        model, request: { ...recipes, pick: rule }, ...(dataset !== undefined && { dataset }), ...(evaluationDataset !== undefined && { evaluationDataset }), ...(name !== undefined && { name }),
      })
      return { status: 202, location: `/v1/sweeps/${row.id}`, body: await viewOf(mine.catalog, row) }
    })
  })

  app.post('/sweeps/:id/cancel', {
    schema: {
      operationId: 'cancelSweep',
      security: needs('write'),
      summary: 'Cancel a sweep: all its jobs that have not ended',
      description: 'Queued and paused jobs are cancelled at once; the sweep is `cancelling` until the workers have stopped the others.',
      tags: ['sweeps'],
      headers: PostHeaders,
      params: IdParams,
      querystring: NoQuery,
      response: { 202: json('The sweep in its new state', SweepRef), ...problems(404, 409) },
    },
  }, async (request, reply) => await answerOnce(request, reply, catalog, 'cancel', async () => {
    const mine = { catalog: catalog.of(tenantOf(request)), queue }
    const { id } = request.params
    return { status: 202, location: `/v1/sweeps/${id}`, body: await viewOf(mine.catalog, await cancelSweep(mine, id)) }
  }))

  app.delete('/sweeps/:id', {
    schema: {
      operationId: 'deleteSweep',
      security: needs('write'),
      summary: 'Delete a sweep that has ended, with its jobs and their artifacts',
      tags: ['sweeps'],
      params: IdParams,
      querystring: NoQuery,
      response: { 204: nothing('Deleted'), ...problems(404, 409) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    if (!await catalog.of(tenantOf(request)).deleteSweep(id)) throw noSuchSweep(id)
    return await reply.code(204).send(null)
  })
}
