/** The environment, read once: one table of variables, failing at start with every problem at once. */
import os from 'node:os'
import path from 'node:path'
import { EspalierError } from './errors.ts'
import { perQuota, QUOTA_NAMES, QUOTAS, type Quotas } from './jobs/quotas.ts'

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
  /** Requests a minute of one key, or of one address without a key; 0: no limit. */
  readonly rateLimit: number
  /** What a tenant may use that has no limits of its own. */
  readonly quotas: Quotas
  /** How long it is kept who did what; 0: for ever. */
  readonly auditDays: number
  readonly blobs: 'files' | 'postgres'
  /** Jobs at once in one worker. */
  readonly concurrency: number
  readonly maxUploadBytes: number
  /** 0: no limit. */
  readonly jobTimeoutSeconds: number
  /** An engine process that holds more during a job is killed. */
  readonly childMemoryMb: number
  /** An engine process is replaced after so many jobs. */
  readonly childJobs: number
  /** XLA compiles training steps further: `auto` where it pays. */
  readonly xla: typeof XLA[number]
  readonly logLevel: typeof LOG_LEVELS[number]
  /** A job whose worker was not heard of for so long is given to another. */
  readonly stalledSeconds: number
  readonly reconcileSeconds: number
  readonly queuePrefix: string
  /** Whoever started this process did the setup before. */
  readonly setupDone: boolean
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
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
    if (!schemes.includes(scheme)) problems.push(`${name} is not an address of the form ${schemes[0]}://user:password@host:port/name`)
    return value
  }

  const host = text('HOST') ?? '127.0.0.1'
  const apiKey = text('ESPALIER_API_KEY')
  if (apiKey !== undefined && apiKey.length < 16) problems.push(`ESPALIER_API_KEY has ${apiKey.length} characters; it must have at least 16`)
  const prefix = text('ESPALIER_QUEUE_PREFIX') ?? 'espalier'
  if (!/^[\w.-]{1,64}$/.test(prefix)) problems.push(`ESPALIER_QUEUE_PREFIX is "${prefix}"; it must be 1 to 64 letters, digits, dots, dashes or underscores`)

  const databaseUrl = address('DATABASE_URL', ['postgresql', 'postgres'])
  const redisUrl = address('REDIS_URL', ['redis', 'rediss'])
  const tensorflow = text('ESPALIER_TENSORFLOW')
  const config: Config = {
    host,
    port: integer('PORT', 8080, 0, 65535),
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(redisUrl !== undefined && { redisUrl }),
    home: path.resolve(text('ESPALIER_HOME') ?? path.join(os.homedir(), '.espalier')),
    ...(tensorflow !== undefined && { tensorflow: path.resolve(tensorflow) }),
    ...(apiKey !== undefined && { apiKey }),
    rateLimit: integer('ESPALIER_RATE_LIMIT', 6000, 0, 10_000_000),
    quotas: perQuota((name) => text(QUOTAS[name].variable) === undefined ? null : integer(QUOTAS[name].variable, 0, 0, Number.MAX_SAFE_INTEGER)),
    auditDays: integer('ESPALIER_AUDIT_DAYS', 365, 0, 36_500),
    blobs: oneOf('ESPALIER_BLOBS', ['files', 'postgres'], 'files'),
    concurrency: integer('ESPALIER_CONCURRENCY', 1, 1, 64),
    maxUploadBytes: integer('ESPALIER_MAX_UPLOAD_BYTES', 8 * 2 ** 30, 1, Number.MAX_SAFE_INTEGER),
    jobTimeoutSeconds: integer('ESPALIER_JOB_TIMEOUT_SECONDS', 0, 0, 30 * 24 * 3600),
    childMemoryMb: integer('ESPALIER_CHILD_MEMORY_MB', 8192, 512, 2 ** 22),
    childJobs: integer('ESPALIER_CHILD_JOBS', 50, 1, 1_000_000),
    xla: oneOf('ESPALIER_XLA', XLA, 'auto'),
    logLevel: oneOf('ESPALIER_LOG', LOG_LEVELS, 'info'),
    stalledSeconds: integer('ESPALIER_STALLED_SECONDS', 15, 1, 3600),
    reconcileSeconds: integer('ESPALIER_RECONCILE_SECONDS', 10, 1, 3600),
    queuePrefix: prefix,
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
    ESPALIER_RATE_LIMIT: String(config.rateLimit),
    ...Object.fromEntries(QUOTA_NAMES.flatMap((name) => config.quotas[name] === null ? [] : [[QUOTAS[name].variable, String(config.quotas[name])]])),
    ESPALIER_AUDIT_DAYS: String(config.auditDays),
    ESPALIER_BLOBS: config.blobs,
    ESPALIER_CONCURRENCY: String(config.concurrency),
    ESPALIER_MAX_UPLOAD_BYTES: String(config.maxUploadBytes),
    ESPALIER_JOB_TIMEOUT_SECONDS: String(config.jobTimeoutSeconds),
    ESPALIER_CHILD_MEMORY_MB: String(config.childMemoryMb),
    ESPALIER_CHILD_JOBS: String(config.childJobs),
    ESPALIER_XLA: config.xla,
    ESPALIER_LOG: config.logLevel,
    ESPALIER_STALLED_SECONDS: String(config.stalledSeconds),
    ESPALIER_RECONCILE_SECONDS: String(config.reconcileSeconds),
    ESPALIER_QUEUE_PREFIX: config.queuePrefix,
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
  const { DATABASE_URL, REDIS_URL, ESPALIER_API_KEY, ...rest } = env
  return {
    env: { TF_CPP_MIN_LOG_LEVEL: '1', TF_FORCE_GPU_ALLOW_GROWTH: 'true', TF_ENABLE_ONEDNN_OPTS: '1', ...rest },
    ...(threads > 0 && { threads }),
    oneDNN: env['TF_ENABLE_ONEDNN_OPTS'] !== '0',
  }
}
