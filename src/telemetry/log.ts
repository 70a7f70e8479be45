/** The log: one JSON object a line on the standard output, or text where a person looks at it. */
import { hostname } from 'node:os'
import { pino, type DestinationStream, type Logger } from 'pino'
import { prettyLine } from './pretty.ts'
import { isSecretField, REDACTED, SECRET_FIELDS, safeUrl, scrubber } from './redact.ts'

export type Log = Logger

export interface LogOptions {
  readonly level: string
  /** Which part of the service speaks: api, worker, supervisor. */
  readonly role: string
  readonly format: 'json' | 'text'
  /** Passwords and keys that this process knows; they are taken out of every line. */
  readonly secrets?: ReadonlyArray<string | undefined>
  /** More fields of every line. */
  readonly fields?: Readonly<Record<string, string>>
  readonly destination?: DestinationStream
}

/** Control characters that JSON lets through, and which a terminal may obey. */
const CONTROLS = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g
const MAX_DEPTH = 4

export function createLog ({ level, role, format, secrets = [], fields = {}, destination }: LogOptions): Log {
  const scrub = scrubber(secrets)
  return pino({
    level,
    base: { role, ...fields, pid: process.pid, host: hostname() },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (line) => withoutSecrets(line) as Record<string, unknown>,
    },
    // The fields of a child pass through these alone. An error is taken apart before, and not again by the library.
    serializers: { ...Object.fromEntries(SECRET_FIELDS.map((name) => [name, () => REDACTED])), req: requestOf, err: (error: unknown) => error },
    hooks: {
      streamWrite (line) {
        const clean = scrub(line).replace(CONTROLS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
        return format === 'text' ? prettyLine(clean) : clean
      },
    },
  }, destination ?? pino.destination({ fd: 1, sync: true }))
}

/** A log that says nothing. */
export const silentLog: Log = pino({ level: 'silent' })

function withoutSecrets (value: unknown, depth = 0): unknown {
  if (value instanceof Error) return errorOf(value)
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, depth + 1))
  // What has a class of its own has a serializer, or says by toJSON what of it is told.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isSecretField(name) ? REDACTED : withoutSecrets(inner, depth + 1)]))
}

interface RequestLike { readonly method?: string, readonly url?: string, readonly ip?: string, readonly socket?: { readonly remoteAddress?: string } }

/** Neither headers nor body. */
function requestOf ({ method, url, ip, socket }: RequestLike): Record<string, unknown> {
  return { method, url: safeUrl(url ?? '/').slice(0, 2000), address: ip ?? socket?.remoteAddress }
}

/** Of an error only what is text for people: drivers hang commands with passwords and rows of tables on theirs. */
function errorOf (thrown: unknown, depth = 0): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: String(thrown).slice(0, 1000) }
  const { code } = thrown as { code?: unknown }
  return {
    type: thrown.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message: thrown.message.slice(0, 2000),
    stack: thrown.stack?.slice(0, 8000),
    ...(thrown.cause !== undefined && depth < MAX_DEPTH && { cause: errorOf(thrown.cause, depth + 1) }),
  }
}
