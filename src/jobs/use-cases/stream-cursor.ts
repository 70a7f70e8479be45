/** Where a stream of a job's events stands, as the text that a client gives back to go on from there. */
import { EspalierError } from '../../errors.ts'

export interface JobCursor {
  /** Number of the last event that was told. */
  readonly event: number
  /** Figures were told up to this step of the run that was the metricRun-th to drop some; -1: none. */
  readonly run: number
  readonly step: number
  /** The end was told. */
  readonly ended: boolean
}

export const BEGINNING: JobCursor = { event: 0, run: 0, step: -1, ended: false }

const JOB = /^(\d{1,15})\.(\d{1,9})\.(-1|\d{1,10})(\.end)?$/
const TENANT = /^\d{1,15}$/

export function jobCursorText ({ event, run, step, ended }: JobCursor): string {
  return `${event}.${run}.${step}${ended ? '.end' : ''}`
}

/** @throws `invalid-request` */
export function jobCursorOf (text: string): JobCursor {
  const [, event, run, step, ended] = JOB.exec(text) ?? []
  if (event === undefined) throw refused(text)
  return { event: Number(event), run: Number(run), step: Number(step), ended: ended !== undefined }
}

/** Number of the last event of a stream of all jobs. @throws `invalid-request` */
export function tenantCursorOf (text: string): number {
  if (!TENANT.test(text)) throw refused(text)
  return Number(text)
}

function refused (text: string): EspalierError {
  return new EspalierError('invalid-request', `Last-Event-ID: ${JSON.stringify(text.slice(0, 60))} is not an id of this stream; give the \`id\` of the last event as it came, or none to begin anew`)
}
