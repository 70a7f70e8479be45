/** What one job may take: its own limits within the service's, and which of both holds. */
import { EspalierError } from '../errors.ts'
import type { JobLimits, JobNeeds } from './resources.ts'

/** What the service allows and how it parts jobs. */
export interface JobMaxima {
  /** Of work on one attempt; 0: no limit. */
  readonly timeSeconds: number
  /** That a job may ask for, as need or as limit. */
  readonly memoryMb: number
  /** A job that needs more than this waits in the queue `large`. */
  readonly largeMb: number
}

export const DEFAULT_MAXIMA: JobMaxima = { timeSeconds: 0, memoryMb: 8192, largeMb: 8192 }

/** @throws `invalid-request` naming each number that is more than the service allows, or that contradicts another */
export function checkAsked (needs: JobNeeds, limits: JobLimits, maxima: JobMaxima): void {
  const errors: Array<{ path: string, message: string }> = []
  const most = (path: string, value: number | undefined, maximum: number, name: string): void => {
    if (value !== undefined && maximum > 0 && value > maximum) errors.push({ path, message: `is ${value}; the service allows ${maximum} at most (${name})` })
  }
  most('/limits/timeSeconds', limits.timeSeconds, maxima.timeSeconds, 'ESPALIER_JOB_TIMEOUT_SECONDS')
  most('/limits/memoryMb', limits.memoryMb, maxima.memoryMb, 'ESPALIER_MAX_JOB_MEMORY_MB')
  most('/needs/memoryMb', needs.memoryMb, maxima.memoryMb, 'ESPALIER_MAX_JOB_MEMORY_MB')
  if (needs.memoryMb !== undefined && limits.memoryMb !== undefined && needs.memoryMb > limits.memoryMb) {
    errors.push({ path: '/needs/memoryMb', message: `is ${needs.memoryMb}, more than the limit of ${limits.memoryMb} that the same job asks for` })
  }
  if (errors.length > 0) throw new EspalierError('invalid-request', errors.map(({ path, message }) => `${path} ${message}`).join('; '), { errors })
}

/** One limit, and whose it is: the job's own, or the service's. */
export interface Holding { readonly value: number, readonly of: 'job' | 'service' }

function least (own: number | undefined, service: number | undefined): Holding | null {
  if (own !== undefined && (service === undefined || own <= service)) return { value: own, of: 'job' }
  return service === undefined ? null : { value: service, of: 'service' }
}

/** The limits that hold for a run: milliseconds for the whole attempt (null: as long as it takes) and bytes. `timeoutMs` 0: no limit of the service. */
export function holding (own: JobLimits, service: { timeoutMs: number, memoryLimitBytes: number }): { time: Holding | null, memory: Holding } {
  return {
    time: least(own.timeSeconds && own.timeSeconds * 1000, service.timeoutMs > 0 ? service.timeoutMs : undefined),
    memory: least(own.memoryMb && own.memoryMb * 2 ** 20, service.memoryLimitBytes)!,
  }
}

export function tookTooLong ({ value, of }: Holding): EspalierError {
  const seconds = value / 1000
  return new EspalierError('limit-exceeded', `the job took longer than ${seconds} s, ${whose(of, 'limits.timeSeconds', 'ESPALIER_JOB_TIMEOUT_SECONDS')}`, { limit: 'timeSeconds', of, timeSeconds: seconds })
}

export function tookTooMuch (bytes: number, { value, of }: Holding): EspalierError {
  const [held, allowed] = [megabytes(bytes), megabytes(value)]
  return new EspalierError('limit-exceeded', `the engine process held ${held} MB, ${allowed} MB are allowed: ${whose(of, 'limits.memoryMb', 'ESPALIER_CHILD_MEMORY_MB')}`, { limit: 'memoryMb', of, memoryMb: allowed, heldMb: held })
}

function whose (of: Holding['of'], field: string, variable: string): string {
  return of === 'job' ? `the job's own limit (${field})` : `the service's limit (${variable})`
}

function megabytes (bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
