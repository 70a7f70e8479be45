/** GET /v1/sweeps and /v1/sweeps/{id}, as JSON or as a table. */
import { setTimeout as sleep } from 'node:timers/promises'
import { SweepSummary } from '../../../jobs/sweeps/resource.ts'
import { isEndedSweep } from '../../../jobs/sweeps/states.ts'
import { summaryOf, sweepView } from '../../../jobs/sweeps/view.ts'
import { asksForCsv } from '../../csv.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { IdParams, json, pageOf, problems, SweepRef, tableOr } from '../../schemas.ts'
import { findSweep } from './find.ts'
import { SweepQuery, SweepsQuery } from './form.ts'
import { tableOf } from './table.ts'

/** How often a waiting request looks. */
const LOOK_MS = 100

export function addSweepReadRoutes (app: App, { catalog }: Dependencies): void {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())

  app.get('/sweeps', {
    schema: {
      operationId: 'listSweeps',
      security: needs('read'),
      summary: 'List sweeps, newest first',
      tags: ['sweeps'],
      querystring: SweepsQuery,
      response: { 200: json('One page of sweeps, without their points', pageOf(SweepSummary)), ...problems() },
    },
  }, async (request) => {
    const { items, next } = await catalog.of(tenantOf(request)).sweeps(request.query)
    return { items: items.map(summaryOf), next }
  })

  app.get('/sweeps/:id', {
    schema: {
      operationId: 'getSweep',
      security: needs('read'),
      summary: 'Read one sweep with its points',
      description: 'With `wait` the answer comes when the sweep has ended, or after that many seconds in whatever state it is then. As CSV: a line for each point.',
      tags: ['sweeps'],
      params: IdParams,
      querystring: SweepQuery,
      response: { 200: tableOr(SweepRef, 'The sweep'), ...problems(404) },
    },
  }, async (request, reply) => {
    const { id } = request.params
    const until = Date.now() + (request.query.wait ?? 0) * 1000
    const gone = () => closing.signal.aborted || reply.raw.destroyed
    const mine = catalog.of(tenantOf(request))
    let row = await findSweep(mine, id)
    while (!isEndedSweep(row.state) && Date.now() < until && !gone()) {
      await sleep(Math.min(LOOK_MS, Math.max(1, until - Date.now())))
      row = await findSweep(mine, id)
    }
    const view = sweepView(row, await mine.sweepPoints(id))
    reply.header('vary', 'accept')
    if (!asksForCsv(request)) return view
    reply.header('content-disposition', 'attachment; filename="sweep.csv"').type('text/csv; charset=utf-8; header=present')
    return await reply.send(Buffer.from(tableOf(view)))
  })
}
