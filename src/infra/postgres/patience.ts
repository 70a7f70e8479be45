/** What to do when Postgres goes away: tell connection loss from other errors, and try again for a while. */
import { withPatience, type WithPatience } from '../patience.ts'

/** System, pg and SQLSTATE codes that say the connection, not the statement, is the trouble. */
const CODES = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH',
  '08000', '08001', '08003', '08004', '08006', '57P01', '57P02', '57P03', '53300',
  'P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2037',
])
const KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'SocketTimeout', 'TooManyConnections'])
const TEXT = /connection terminated|connection timeout|timeout exceeded when trying to connect|client has encountered a connection error|server has closed the connection|can't reach database server|not queryable|query read timeout/i

/** Did this fail because Postgres could not be reached or went away in between? Looks through causes. */
export function isConnectionLoss (thrown: unknown, depth = 0): boolean {
  if (typeof thrown !== 'object' || thrown === null || depth > 6) return false
  const { code, kind, originalCode, message, cause, meta, errors } = thrown as Record<string, unknown>
  if (typeof code === 'string' && CODES.has(code)) return true
  if (typeof originalCode === 'string' && CODES.has(originalCode)) return true
  if (typeof kind === 'string' && KINDS.has(kind)) return true
  if (typeof message === 'string' && TEXT.test(message)) return true
  if (Array.isArray(errors) && errors.some((error) => isConnectionLoss(error, depth + 1))) return true
  if (typeof meta === 'object' && meta !== null && isConnectionLoss((meta as Record<string, unknown>)['driverAdapterError'], depth + 1)) return true
  return isConnectionLoss(cause, depth + 1)
}

/**
 * Gives a runner that repeats work upon connection loss, with growing pauses, for `patienceMs` milliseconds in all.
 * @throws `unavailable` when Postgres stays away; any other error at once.
 */
export function patientFor (patienceMs: number): WithPatience {
  return withPatience({ patienceMs, isLoss: isConnectionLoss, message: 'Postgres does not answer; check that it runs and that DATABASE_URL points at it' })
}
