/** How long what a tenant has is kept: a closed table, in days; null is for ever. */

export const RETENTION = {
  artifacts: { variable: 'ESPALIER_KEEP_ARTIFACTS_DAYS', description: 'days that the artifacts of a job are kept after it ended; its receipt stays' },
  checkpoints: { variable: 'ESPALIER_KEEP_CHECKPOINTS_DAYS', description: 'days that the checkpoint of a failed or cancelled job is kept after it ended; a retry begins at the beginning then' },
  jobs: { variable: 'ESPALIER_KEEP_JOBS_DAYS', description: 'days that a job is kept after it ended, with its artifacts, figures and receipt; the jobs of a sweep go with the sweep' },
  models: { variable: 'ESPALIER_KEEP_MODELS_DAYS', description: 'days that a model is kept after it was made, unless a job of it is kept' },
  datasets: { variable: 'ESPALIER_KEEP_DATASETS_DAYS', description: 'days that a data set is kept after it was made, unless a job with it is kept' },
} as const satisfies Record<string, { variable: string, description: string }>

export type RetentionName = keyof typeof RETENTION

/** In the order in which they are looked at: what a job refers to may go in the same sweep as the job. */
export const RETENTION_NAMES = Object.keys(RETENTION) as readonly RetentionName[]

/** The days that hold, by name. */
export type Retention = Readonly<Record<RetentionName, number | null>>

/** A tenant's own: what is absent is as the service has it. */
export type OwnRetention = Readonly<Partial<Record<RetentionName, number | null>>>

/** More would be no date any more. */
export const MOST_DAYS = 36_500

/** The same for every name. */
export function perRetention<T> (value: (name: RetentionName) => T): Record<RetentionName, T> {
  return Object.fromEntries(RETENTION_NAMES.map((name) => [name, value(name)])) as Record<RetentionName, T>
}

export const FOR_EVER: Retention = perRetention(() => null)

/** What holds for a tenant over what the service has. */
export function retentionOf (service: Retention, own: OwnRetention | null): Retention {
  return perRetention((name) => own?.[name] === undefined ? service[name] : own[name])
}

const DAY_MS = 86_400_000

/** When something that is `days` old goes that is as old as `since`, as ISO text; undefined when never, or not yet known. */
export function expiryOf (since: Date | string | null | undefined, days: number | null): string | undefined {
  return since === null || since === undefined || days === null ? undefined : new Date(new Date(since).getTime() + days * DAY_MS).toISOString()
}

/** The record of actions names it as who removed what was due. */
export const RETENTION_ACTOR = 'retention'
