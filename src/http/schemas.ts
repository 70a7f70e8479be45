/** Schemas that several routes share: problem, identifiers, pages, and the answers every route may give. */
import { Type, type TSchema } from 'typebox'
import { ERROR_CODES } from '../errors.ts'
import type { Plan } from '../methods/planning/plan.ts'
import { JOB_STATES, type Dataset, type Job, type JobSummary, type Model } from '../jobs/resources.ts'
import type { Sweep } from '../jobs/sweeps/resource.ts'
import { PROBLEM_MEDIA_TYPE } from './problems.ts'

export const Problem = Type.Object({
  type: Type.String({ description: 'urn:espalier:problem:CODE' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'what is wrong, where, and what would be right' }),
  instance: Type.String(),
  code: Type.Enum(Object.keys(ERROR_CODES), { description: 'stable: programs may rely on it' }),
  requestId: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), { description: 'each place that is wrong' })),
}, { $id: 'Problem', additionalProperties: true })

export const IdParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

export const page = {
  limit: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: '`next` of the page before' })),
}
export const PageQuery = Type.Object(page, { additionalProperties: false })
export const JobsQuery = Type.Object({
  ...page,
  state: Type.Optional(Type.Enum([...JOB_STATES])),
  model: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'id of a model' })),
  dataset: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'id of a data set, that they train on or are evaluated with' })),
  sweep: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'id of a sweep' })),
}, { additionalProperties: false })
/** Of routes that answer with JSON or a table. */
export const FormatQuery = Type.Object({ format: Type.Optional(Type.Enum(['json', 'csv'], { description: 'the Accept header otherwise' })) }, { additionalProperties: false })
export const NoQuery = Type.Object({}, { additionalProperties: false })

export const PostHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({ description: 'the same key within 24 hours gets the same answer and does the work once' })),
})

/** References to the shared schemas of `describeApi`. */
export const PlanRef = Type.Unsafe<Plan>({ $ref: 'Plan#' })
export const ModelRef = Type.Unsafe<Model>({ $ref: 'Model#' })
export const DatasetRef = Type.Unsafe<Dataset>({ $ref: 'Dataset#' })
export const SweepRef = Type.Unsafe<Sweep>({ $ref: 'Sweep#' })
export const JobRef = Type.Unsafe<Job>({ $ref: 'Job#' })
export const JobSummaryRef = Type.Unsafe<JobSummary>({ $ref: 'JobSummary#' })
export const RecipeRef = Type.Unsafe<unknown>({ $ref: 'Recipe#' })

/** `next` is the cursor of the following page, null on the last one. */
export function pageOf<T extends TSchema> (item: T) {
  return Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) }, { description: 'One page' })
}

/** The JSON answer of a route, described. */
export function json (description: string, schema: TSchema) {
  return { description, content: { 'application/json': { schema } } }
}

/** An answer that is JSON or the same as CSV. */
export function tableOr (schema: TSchema, description: string) {
  return { description, content: { 'application/json': { schema }, 'text/csv': { schema: Type.String() } } }
}

/** A file or page as answer. */
export function binary (description: string, mediaType = 'application/octet-stream') {
  return { description, content: { [mediaType]: { schema: Type.String({ format: 'binary' }) } } }
}

/** An answer without a body. */
export function nothing (description: string) {
  return { description, type: 'null' as const }
}

const WHEN = {
  400: 'The request is not of the right form',
  401: 'An API key is needed',
  403: 'The API key may not do this, or a quota is used up',
  404: 'There is no such thing',
  409: 'The state does not allow this',
  410: 'The upload has expired',
  412: 'The version of the protocol is missing or not spoken here',
  413: 'The upload is larger than allowed',
  415: 'The content type is not taken',
  416: 'The range lies outside of the file',
  422: 'The content is not valid',
  429: 'Too many requests; Retry-After tells when to come again',
  503: 'A service does not answer',
  507: 'There is no room left to store this',
} as const

/** The problems of a route by status; every one has 400, 401, 403, 429, 500. */
export function problems (...statuses: Array<keyof typeof WHEN>) {
  const answer = (description: string) => ({ description, content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: 'Problem#' } } } })
  const listed = ([400, 401, 403, 429, ...statuses] as const).map((status) => [status, answer(WHEN[status])] as const)
  return { ...Object.fromEntries(listed), 500: answer('Something went wrong that should not have') }
}
