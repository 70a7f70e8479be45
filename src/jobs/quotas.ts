/** What a tenant may use: a closed table of quotas; null is no limit. */
import { EspalierError } from '../errors.ts'

export const QUOTAS = {
  storedBytes: { variable: 'ESPALIER_QUOTA_STORED_BYTES', unit: 'bytes of files', description: 'bytes of models, data sets, artifacts, checkpoints and records of weights together; a file that several rows name counts for each' },
  models: { variable: 'ESPALIER_QUOTA_MODELS', unit: 'models', description: 'models' },
  datasets: { variable: 'ESPALIER_QUOTA_DATASETS', unit: 'data sets', description: 'data sets' },
  jobsPerDay: { variable: 'ESPALIER_QUOTA_JOBS_PER_DAY', unit: 'jobs today', description: 'jobs submitted or retried within a day (UTC)' },
  unfinishedJobs: { variable: 'ESPALIER_QUOTA_UNFINISHED_JOBS', unit: 'jobs that have not ended', description: 'jobs that are queued or running' },
  runningJobs: { variable: 'ESPALIER_QUOTA_RUNNING_JOBS', unit: 'running jobs', description: 'jobs that run at once; more of them wait in the queue' },
} as const satisfies Record<string, { variable: string, unit: string, description: string }>

export type QuotaName = keyof typeof QUOTAS

export const QUOTA_NAMES = Object.keys(QUOTAS) as readonly QuotaName[]

/** The limits that hold, by name. */
export type Quotas = Readonly<Record<QuotaName, number | null>>

/** A tenant's own limits: what is absent is as the service has it. */
export type OwnQuotas = Readonly<Partial<Record<QuotaName, number | null>>>

/** How much of each is used. */
export type Usage = Readonly<Record<QuotaName, number>>

/** The same for every name. */
export function perQuota<T> (value: (name: QuotaName) => T): Record<QuotaName, T> {
  return Object.fromEntries(QUOTA_NAMES.map((name) => [name, value(name)])) as Record<QuotaName, T>
}

export const NO_QUOTAS: Quotas = perQuota(() => null)

/** The limits of a tenant over those of the service. */
export function quotasOf (service: Quotas, own: OwnQuotas | null): Quotas {
  return perQuota((name) => own?.[name] === undefined ? service[name] : own[name])
}

/** Names the quota, what of it is used, what is allowed and what was asked. */
export function quotaExceeded (quota: QuotaName, { used, allowed, asked }: { used: number, allowed: number, asked: number }): EspalierError {
  const wants = asked > 1 ? `, and ${asked} more would be too many` : ''
  return new EspalierError('quota-exceeded', `the quota ${quota} allows ${allowed} ${QUOTAS[quota].unit}; ${used} are used${wants}`, { quota, used, allowed, asked })
}
