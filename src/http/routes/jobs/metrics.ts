/** GET /v1/jobs/{id}/metrics: the figures of a training run as time series, as JSON or CSV. */
import { Type, type Static } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { MetricColumns, TenantCatalog } from '../../../jobs/ports.ts'
import { matches } from '../../../pruning/glob.ts'
import { asksForCsv, toCsv } from '../../csv.ts'
import { needs } from '../../access/needs.ts'
import type { App, Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { FormatQuery, IdParams, problems, tableOr } from '../../schemas.ts'
import { findJob } from './find.ts'

/** Points in one answer; of many series each gets fewer. At some 25 bytes each it stays a few MB. */
const MAX_POINTS = 100_000
/** Matching takes time by the letters of all patterns together. */
const MAX_PATTERNS = 20
const MAX_PATTERN_LETTERS = 2000
/** The largest step that a row can hold. */
const MAX_STEP = 2 ** 31 - 1

const MetricsQuery = Type.Object({
  series: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], {
    description: 'names or patterns (`val_*`, `sparsity/**`), with commas between them or given several times; all series otherwise',
  })),
  after: Type.Integer({ minimum: -1, maximum: MAX_STEP, default: -1, description: 'only points of later steps: `next` of the answer before, to be told what is new' }),
  until: Type.Integer({ minimum: 0, maximum: MAX_STEP, default: MAX_STEP, description: 'only points of steps up to this one' }),
  keep: Type.Enum(['even', 'extremes'], { default: 'even', description: 'of a series with more than `limit` points: those at even distances, or (`extremes`) of each of limit / 4 columns of steps the first, the last, the least and the largest, which draw the same line' }),
  limit: Type.Integer({ minimum: 2, maximum: 10_000, default: 1000, description: `points of one series; of a longer one so many are told, evenly, the first and the last among them. Of many series fewer: ${MAX_POINTS} in all` }),
  ...FormatQuery.properties,
}, { additionalProperties: false })

/** Not Type.Tuple: its array-valued `items` is not JSON Schema 2020-12, which OpenAPI 3.1 uses. */
const Point = Type.Unsafe<[number, number, number]>({ type: 'array', prefixItems: [{ type: 'integer' }, { type: 'number' }, { type: 'integer' }], minItems: 3, maxItems: 3 })

const Metrics = Type.Object({
  job: Type.String(),
  lastStep: Type.Union([Type.Integer(), Type.Null()], {
    description: 'step of the newest point of these series, in this answer or not; smaller than before when the run went on from a checkpoint; null without points',
  }),
  next: Type.Integer({ description: 'as `after` of the next request: the points of the newest step come again, as there may be more of them by then' }),
  thinned: Type.Boolean({ description: 'were points left out for `limit`?' }),
  series: Type.Record(Type.String(), Type.Array(Point), {
    description: 'by name: [step, value, epoch] of each point, by step. Loss and metrics within an epoch are means since it began',
  }),
})

interface Row { readonly of: MetricColumns, readonly place: number }

const COLUMNS = {
  series: ({ of }: Row) => of.series,
  step: ({ of, place }: Row) => of.steps[place],
  epoch: ({ of, place }: Row) => of.epochs[place],
  value: ({ of, place }: Row) => of.values[place],
  at: ({ of, place }: Row) => new Date(of.times[place]!).toISOString(),
} as const

export function addJobMetricsRoute (app: App, { catalog }: Dependencies): void {
  app.get('/jobs/:id/metrics', {
    schema: {
      operationId: 'getJobMetrics',
      security: needs('read'),
      summary: 'Figures of training, step by step',
      description: 'While a job trains there is a point about every second and at the end of each epoch. A job that does not train has none.',
      tags: ['jobs'],
      params: IdParams,
      querystring: MetricsQuery,
      response: { 200: tableOr(Metrics, 'The series'), ...problems(404) },
    },
  }, async (request, reply) => {
    const mine = catalog.of(tenantOf(request))
    const { id } = await findJob(mine, request.params.id)
    const isCsv = asksForCsv(request)
    const { lastStep, names, series, thinned } = await read(mine, id, { ...request.query, times: isCsv })
    reply.header('vary', 'accept')
    if (isCsv) {
      reply.header('content-disposition', 'attachment; filename="metrics.csv"').type('text/csv; charset=utf-8; header=present')
      return await reply.send(Buffer.from(toCsv(COLUMNS, series.flatMap((of) => of.steps.map((_, place) => ({ of, place }))))))
    }
    const points = new Map<string, Array<[number, number, number]>>(names.map((name) => [name, []]))
    for (const { series: name, steps, values, epochs } of series) points.set(name, steps.map((step, place) => [step, values[place]!, epochs[place]!]))
    return { job: id, lastStep, next: lastStep === null ? -1 : lastStep - 1, thinned, series: Object.fromEntries(points) }
  })
}

function patternsOf (series: string | string[] | undefined): string[] {
  if (series === undefined) return ['**']
  const patterns = [series].flat().flatMap((text) => text.split(','))
  if (patterns.length > MAX_PATTERNS || patterns.join('').length > MAX_PATTERN_LETTERS) {
    throw new EspalierError('invalid-request', `series: at most ${MAX_PATTERNS} names or patterns with ${MAX_PATTERN_LETTERS} letters are taken; use * and **`)
  }
  return patterns
}

async function read (catalog: TenantCatalog, id: string, { series, after, until, keep, limit, times }: Static<typeof MetricsQuery> & { times: boolean }) {
  const patterns = patternsOf(series)
  const found = (await catalog.metricSeries(id)).filter(({ name }) => patterns.some((pattern) => matches(pattern, name)))
  const names = found.map(({ name }) => name)
  const each = Math.max(2, Math.min(limit, Math.floor(MAX_POINTS / Math.max(1, names.length))))
  return {
    names,
    lastStep: found.length === 0 ? null : Math.max(...found.map(({ lastStep }) => lastStep)),
    ...await catalog.metricPoints(id, { series: names, after, until, limit: each, extremes: keep === 'extremes', times }),
  }
}
