/** The environment, read once: one table of variables, failing at start with every problem at once. */
import os from 'node:os'
import path from 'node:path'
import { readTrustedProxies, textOfTrustedProxies, type TrustedProxies } from './config-proxy.ts'
import { environmentOfS3, readS3Settings, type S3Settings } from './config-s3.ts'
import { readSecretKeys } from './config-secrets.ts'
import { EspalierError } from './errors.ts'
import { parseAllowList } from './infra/webhooks/allow-list.ts'
import { QUEUE_NAMES, type QueueName } from './jobs/queues.ts'
import { perQuota, QUOTA_NAMES, QUOTAS, type Quotas } from './jobs/quotas.ts'
import { MOST_DAYS, perRetention, RETENTION, RETENTION_NAMES, type Retention } from './jobs/retention.ts'

export interface Config {
  /** Address and port the API listens on; port 0 takes a free one. */
  readonly host: string
  readonly port: number
  /** Absent: an embedded Postgres, an embedded Valkey. */
  readonly databaseUrl?: string
  readonly redisUrl?: string
  /** Data and caches. */
  readonly home: string
  /** Folder with TensorFlow's libraries; absent: found or downloaded. */
  readonly tensorflow?: string
  readonly apiKey?: string
  /** What secrets are stored under: the key to write with, then those that are still read with. Absent: one that lies in `home`. */
  readonly secretKeys?: readonly string[]
  /** Proxies whose word on a client's address is taken; absent: nobody's. */
  readonly trustProxy?: TrustedProxies
  readonly blobs: typeof BLOBS[number]
  /** There when `blobs` is s3. */
  readonly s3?: S3Settings
  /** Requests a minute of one key, or of one address without a key; 0: no limit. */
  readonly rateLimit: number
  /** What a tenant may use that has no limits of its own. */
  readonly quotas: Quotas
  /** How long what a tenant has is kept, where it says nothing itself. */
  readonly retention: Retention
  /** How long it is kept who did what; 0: for ever. */
  readonly auditDays: number
  /** Jobs at once in one worker. */
  readonly concurrency: number
  readonly maxUploadBytes: number
  /** How long an upload in pieces lives after its last one. */
  readonly uploadHours: number
  /** Streams of events that one API process keeps open. */
  readonly maxStreams: number
  /** 0: no limit. */
  readonly jobTimeoutSeconds: number
  /** An engine process that holds more during a job is killed. */
  readonly childMemoryMb: number
  /** A job that needs more waits for a worker that gives one more, in the queue `large`. */
  readonly largeMb: number
  /** A job may ask for so much, as need or as limit. */
  readonly maxJobMemoryMb: number
  /** Queues that a worker serves; absent: those that its memory and device allow. */
  readonly queues?: readonly QueueName[]
  /** A worker that is told to end waits so long for jobs that cannot be stopped without loss. */
  readonly drainSeconds: number
  /** An engine process is replaced after so many jobs. */
  readonly childJobs: number
  /** XLA compiles training steps further: `auto` where it pays. */
  readonly xla: typeof XLA[number]
  readonly logLevel: typeof LOG_LEVELS[number]
  /** `auto`: text where the output is a terminal. */
  readonly logFormat: typeof LOG_FORMATS[number]
  /** Where a worker answers /metrics and /healthz; without a port it listens nowhere. */
  readonly workerMetricsHost: string
  readonly workerMetricsPort?: number
  /** Where traces are sent as OTLP over HTTP; absent: there are none. */
  readonly tracesUrl?: string
  /** A job whose worker was not heard of for so long is given to another. */
  readonly stalledSeconds: number
  readonly reconcileSeconds: number
  readonly queuePrefix: string
  /** Addresses and names that webhooks may have although they are not public. */
  readonly webhookAllow: string
  /** Whoever started this process did the setup before. */
  readonly setupDone: boolean
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const LOG_FORMATS = ['auto', 'json', 'text'] as const
const BLOBS = ['files', 'postgres', 's3'] as const
const XLA = ['auto', 'on', 'off'] as const
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment as it came, for programs that are started with it. */
export const inherited: Environment = process.env

/** Is this an address that only this machine reaches? */
export function isLoopback (host: string): boolean {
  return LOOPBACK.test(host)
}

/** Reads and checks all variables. @throws `invalid-configuration` naming each wrong variable, its value and what would be right */
export function readConfig (env: Environment = inherited): Config {
  const problems: string[] = []

  function text (name: string): string | undefined {
    const value = env[name]?.trim()
    return value === undefined || value === '' ? undefined : value
  }

  function integer (name: string, fallback: number, least: number, most: number): number {
    const value = text(name)
    if (value === undefined) return fallback
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    problems.push(`${name} is "${value}"; it must be a whole number from ${least} to ${most}`)
    return fallback
  }

  function oneOf<const T extends string> (name: string, values: readonly T[], fallback: T): T {
    const value = text(name)
    if (value === undefined) return fallback
    const found = values.find((known) => known === value)
    if (found === undefined) problems.push(`${name} is "${value}"; it must be one of ${values.join(', ')}`)
    return found ?? fallback
  }

  function address (name: string, schemes: readonly string[]): string | undefined {
    const value = text(name)
    if (value === undefined) return undefined
    const scheme = URL.canParse(value) ? new URL(value).protocol.slice(0, -1) : ''
    // The value may hold a password: it is not repeated.
    if (!schemes.includes(scheme)) problems.push(`${name} is not an address of the form ${schemes[0]}://${schemes[0] === 'http' ? 'host:port/path' : 'user:password@host:port/name'}`)
    return value
  }

  function queueNames (name: string): readonly QueueName[] | undefined {
    const names = text(name)?.split(',').map((part) => part.trim())
    const unknown = names?.filter((part) => !QUEUE_NAMES.includes(part as QueueName)) ?? []
    if (unknown.length > 0) problems.push(`${name} names "${unknown.join('", "')}"; it must be a list of ${QUEUE_NAMES.join(', ')} with commas between`)
    return names && [...new Set(names as QueueName[])]
  }

  const host = text('HOST') ?? '127.0.0.1'
  const apiKey = text('ESPALIER_API_KEY')
  if (apiKey !== undefined && apiKey.length < 16) problems.push(`ESPALIER_API_KEY has ${apiKey.length} characters; it must have at least 16`)
  const prefix = text('ESPALIER_QUEUE_PREFIX') ?? 'espalier'
  if (!/^[\w.-]{1,64}$/.test(prefix)) problems.push(`ESPALIER_QUEUE_PREFIX is "${prefix}"; it must be 1 to 64 letters, digits, dots, dashes or underscores`)

  const webhookAllow = text('ESPALIER_WEBHOOK_ALLOW') ?? ''
  try { parseAllowList(webhookAllow) } catch (error) { problems.push(`ESPALIER_WEBHOOK_ALLOW: ${EspalierError.from(error).message}`) }

  const databaseUrl = address('DATABASE_URL', ['postgresql', 'postgres'])
  const redisUrl = address('REDIS_URL', ['redis', 'rediss'])
  const tensorflow = text('ESPALIER_TENSORFLOW')
  const collector = address('OTEL_EXPORTER_OTLP_ENDPOINT', ['http', 'https'])
  const tracesUrl = address('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', ['http', 'https']) ?? (collector && `${collector.replace(/\/+$/, '')}/v1/traces`)
  const workerMetricsPort = text('ESPALIER_WORKER_METRICS_PORT') === undefined ? undefined : integer('ESPALIER_WORKER_METRICS_PORT', 0, 0, 65535)
  const trustProxy = readTrustedProxies('ESPALIER_TRUST_PROXY', text('ESPALIER_TRUST_PROXY'), problems)
  const secretKeys = readSecretKeys('ESPALIER_SECRET_KEY', text('ESPALIER_SECRET_KEY'), problems)
  const blobs = oneOf('ESPALIER_BLOBS', BLOBS, 'files')
  const s3 = blobs === 's3' ? readS3Settings(text, problems) : undefined
  const queues = queueNames('ESPALIER_QUEUES')
  const childMemoryMb = integer('ESPALIER_CHILD_MEMORY_MB', 8192, 512, 2 ** 22)
  const config: Config = {
    host,
    port: integer('PORT', 8080, 0, 65535),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(redisUrl !== undefined && { redisUrl }),
    home: path.resolve(text('ESPALIER_HOME') ?? path.join(os.homedir(), '.espalier')),
    ...(tensorflow !== undefined && { tensorflow: path.resolve(tensorflow) }),
    ...(apiKey !== undefined && { apiKey }),
    ...(secretKeys !== undefined && { secretKeys }),
    ...(trustProxy !== undefined && { trustProxy }),
    blobs,
    ...(s3 !== undefined && { s3 }),
    rateLimit: integer('ESPALIER_RATE_LIMIT', 6000, 0, 10_000_000),
    quotas: perQuota((name) => text(QUOTAS[name].variable) === undefined ? null : integer(QUOTAS[name].variable, 0, 0, Number.MAX_SAFE_INTEGER)),
    retention: perRetention((name) => text(RETENTION[name].variable) === undefined ? null : integer(RETENTION[name].variable, 1, 1, MOST_DAYS)),
    auditDays: integer('ESPALIER_AUDIT_DAYS', 365, 0, 36_500),
    concurrency: integer('ESPALIER_CONCURRENCY', 1, 1, 64),
    maxUploadBytes: integer('ESPALIER_MAX_UPLOAD_BYTES', 8 * 2 ** 30, 1, Number.MAX_SAFE_INTEGER),
    uploadHours: integer('ESPALIER_UPLOAD_HOURS', 24, 1, 24 * 365),
    maxStreams: integer('ESPALIER_MAX_STREAMS', 1000, 1, 1_000_000),
    jobTimeoutSeconds: integer('ESPALIER_JOB_TIMEOUT_SECONDS', 0, 0, 30 * 24 * 3600),
    childMemoryMb,
    largeMb: integer('ESPALIER_LARGE_MB', 8192, 1, 2 ** 22),
    maxJobMemoryMb: integer('ESPALIER_MAX_JOB_MEMORY_MB', childMemoryMb, 512, 2 ** 22),
    ...(queues !== undefined && { queues }),
    drainSeconds: integer('ESPALIER_DRAIN_SECONDS', 8, 0, 24 * 3600),
    childJobs: integer('ESPALIER_CHILD_JOBS', 50, 1, 1_000_000),
    xla: oneOf('ESPALIER_XLA', XLA, 'auto'),
    logLevel: oneOf('ESPALIER_LOG', LOG_LEVELS, 'info'),
    logFormat: oneOf('ESPALIER_LOG_FORMAT', LOG_FORMATS, 'auto'),
    workerMetricsHost: text('ESPALIER_WORKER_METRICS_HOST') ?? '127.0.0.1',
    ...(workerMetricsPort !== undefined && { workerMetricsPort }),
    ...(tracesUrl !== undefined && { tracesUrl }),
    stalledSeconds: integer('ESPALIER_STALLED_SECONDS', 15, 1, 3600),
    reconcileSeconds: integer('ESPALIER_RECONCILE_SECONDS', 10, 1, 3600),
    queuePrefix: prefix,
    webhookAllow,
    setupDone: text('ESPALIER_SETUP') === 'skip',
  }
  if (problems.length > 0) throw new EspalierError('invalid-configuration', problems.join('\n'), { problems })
  return config
}

/** The variables that make `readConfig` give this configuration in another process. */
export function environmentOf (config: Config): Environment {
  return {
    HOST: config.host,
    PORT: String(config.port),
    DATABASE_URL: config.databaseUrl,
    REDIS_URL: config.redisUrl,
    ESPALIER_HOME: config.home,
    ESPALIER_TENSORFLOW: config.tensorflow,
    ESPALIER_API_KEY: config.apiKey,
    ESPALIER_SECRET_KEY: config.secretKeys?.join(','),
    ESPALIER_TRUST_PROXY: textOfTrustedProxies(config.trustProxy),
    ESPALIER_RATE_LIMIT: String(config.rateLimit),
    ...Object.fromEntries(QUOTA_NAMES.flatMap((name) => config.quotas[name] === null ? [] : [[QUOTAS[name].variable, String(config.quotas[name])]])),
    ...Object.fromEntries(RETENTION_NAMES.flatMap((name) => config.retention[name] === null ? [] : [[RETENTION[name].variable, String(config.retention[name])]])),
    ESPALIER_AUDIT_DAYS: String(config.auditDays),
    ESPALIER_BLOBS: config.blobs,
    ...environmentOfS3(config.s3),
    ESPALIER_CONCURRENCY: String(config.concurrency),
    ESPALIER_MAX_UPLOAD_BYTES: String(config.maxUploadBytes),
    ESPALIER_UPLOAD_HOURS: String(config.uploadHours),
    ESPALIER_MAX_STREAMS: String(config.maxStreams),
    ESPALIER_JOB_TIMEOUT_SECONDS: String(config.jobTimeoutSeconds),
    ESPALIER_CHILD_MEMORY_MB: String(config.childMemoryMb),
    ESPALIER_LARGE_MB: String(config.largeMb),
    ESPALIER_MAX_JOB_MEMORY_MB: String(config.maxJobMemoryMb),
    ESPALIER_QUEUES: config.queues?.join(','),
    ESPALIER_DRAIN_SECONDS: String(config.drainSeconds),
    ESPALIER_CHILD_JOBS: String(config.childJobs),
    ESPALIER_XLA: config.xla,
    ESPALIER_LOG: config.logLevel,
    ESPALIER_LOG_FORMAT: config.logFormat,
    ESPALIER_WORKER_METRICS_HOST: config.workerMetricsHost,
    ESPALIER_WORKER_METRICS_PORT: config.workerMetricsPort === undefined ? undefined : String(config.workerMetricsPort),
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: config.tracesUrl,
    ESPALIER_STALLED_SECONDS: String(config.stalledSeconds),
    ESPALIER_RECONCILE_SECONDS: String(config.reconcileSeconds),
    ESPALIER_QUEUE_PREFIX: config.queuePrefix,
    ESPALIER_WEBHOOK_ALLOW: config.webhookAllow === '' ? undefined : config.webhookAllow,
    ESPALIER_SETUP: config.setupDone ? 'skip' : undefined,
  }
}

/** What TensorFlow is told through the environment, in words that a receipt can repeat. Threads absent: as many as the machine has. */
export interface EngineEnvironment { readonly env: Environment, readonly threads?: number, readonly oneDNN: boolean }

/**
 * The environment that engine processes are started with: this process's own, TensorFlow quiet, growing into a GPU's memory instead of taking all of it,
 * which would starve a second slot, and with oneDNN's kernels, which TensorFlow leaves out by itself on many processors that they are faster on
 * (measured, see docs/performance.md).
 */
export function engineEnvironment (env: Environment = inherited): EngineEnvironment {
  const threads = Number(env['TF_NUM_INTRAOP_THREADS'] ?? 0)
  // Files in, files out: an engine process, which reads what strangers upload, knows no secret.
  const { DATABASE_URL, REDIS_URL, ESPALIER_API_KEY, ESPALIER_SECRET_KEY, OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TRACES_HEADERS, ...others } = env
  const rest = Object.fromEntries(Object.entries(others).filter(([name]) => !/^(AWS|ESPALIER_S3)_/.test(name)))
  return {
    env: { TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_ENABLE_ONEDNN_OPTS: '1', ...rest },
    ...(threads > 0 && { threads }),
    oneDNN: env['TF_ENABLE_ONEDNN_OPTS'] !== '0',
  }
}
