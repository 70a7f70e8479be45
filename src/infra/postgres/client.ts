/** The Prisma client over a pg pool, and the little that all parts of the Catalog share. */
import { PrismaPg } from '@prisma/adapter-pg'
import { Prisma, PrismaClient } from './generated/client.ts'
import type { WithPatience } from '../patience.ts'
import { patientFor } from './patience.ts'
import { secretsOn, type Secrets } from './secrets.ts'
import { NO_QUOTAS, type Quotas } from '../../jobs/quotas.ts'
import { FOR_EVER, type Retention } from '../../jobs/retention.ts'

export interface Database {
  readonly prisma: PrismaClient
  /** For what may be repeated when its connection was lost. */
  readonly patiently: WithPatience
  /** For what may not: a lost connection is `unavailable` at once. */
  readonly once: WithPatience
  readonly quotas: Quotas
  readonly retention: Retention
  readonly auditDays: number
  readonly secrets: Secrets
}

export interface DatabaseOptions {
  /** How long an operation that may be repeated waits for a Postgres that went away, milliseconds; 0 fails fast. */
  readonly patience?: number
  /** Largest number of connections. */
  readonly connections?: number
  /** What a tenant may use that has no limits of its own. */
  readonly quotas?: Quotas
  /** How long what a tenant has is kept, where it says nothing itself. */
  readonly retention?: Retention
  /** How long it is kept who did what; 0: for ever. */
  readonly auditDays?: number
  /** What secrets are stored under: the key to write with first. Absent: this process has to do with none. */
  readonly secretKeys?: readonly string[]
}

/** A healthy server on the same network accepts within milliseconds and answers any statement here well within a second. */
const CONNECT_TIMEOUT_MS = 3000
const QUERY_TIMEOUT_MS = 30_000

/** For transactions that wait for others of the same tenant or job, also on a machine that is busy; Prisma's own limits are 2 s and 5 s. */
export const TRANSACTION = { maxWait: 10_000, timeout: 20_000 } as const

/** Texts with lists of their own lengths are without number; those of a service that runs are not. */
const NAMED_STATEMENTS = 256

/**
 * Names for the statements that a service asks again and again, so that a connection parses and plans each once. A name is that of one text; what comes when all names are given
 * away is planned every time.
 */
function namedStatements (): (query: { readonly sql: string }) => string {
  const names = new Map<string, string>()
  return ({ sql }) => {
    const known = names.get(sql)
    if (known !== undefined || names.size >= NAMED_STATEMENTS) return known ?? ''
    const name = `espalier_${names.size}`
    names.set(sql, name)
    return name
  }
}

/** Connections are made when first needed. */
export function openDatabase (databaseUrl: string, { patience = 0, connections = 10, quotas = NO_QUOTAS, retention = FOR_EVER, auditDays = 0, secretKeys }: DatabaseOptions = {}): Database {
  const adapter = new PrismaPg({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  }, { statementNameGenerator: namedStatements() })
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' })
  return { prisma, patiently: patientFor(patience), once: patientFor(0), quotas, retention, auditDays, secrets: secretsOn(prisma, secretKeys) }
}

/** A value as a JSON column takes it: `undefined` members are left out. */
export function asJson (value: object): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonObject
}

/** A value as a parameter of raw SQL, to be cast with ::json. */
export function jsonText (value: unknown): string {
  return JSON.stringify(value)
}

/** `IN (...)` over states, to stand behind a state column. */
export function oneOf (states: readonly string[]): Prisma.Sql {
  return Prisma.sql`IN (${Prisma.join(states.map((state) => Prisma.sql`${state}::job_state`))})`
}
