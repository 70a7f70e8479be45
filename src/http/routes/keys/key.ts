/** A key of the API as the API shows it. */
import { Type, type Static } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import { SCOPE_NAMES, SCOPES } from '../../../jobs/scopes.ts'
import type { IssuedKey, KeyRow } from '../../../jobs/tenant-ports.ts'

const Time = Type.String({ format: 'date-time' })
const TimeOrNull = Type.Union([Time, Type.Null()])
const described = Object.entries(SCOPES).map(([name, { description }]) => `\`${name}\`: ${description}`).join('; ')

export const Name = Type.String({ minLength: 1, maxLength: 100, pattern: '\\S', description: 'a label' })
export const Scopes = Type.Array(Type.Enum([...SCOPE_NAMES]), { minItems: 1, maxItems: SCOPE_NAMES.length, uniqueItems: true, description: described })
export const Expiry = Type.Optional(Type.Union([Time, Type.Null()], { description: 'when it ends; null or nothing: never' }))

export const Key = Type.Object({
  id: Type.String(),
  name: Type.String(),
  hint: Type.String({ description: 'its last letters' }),
  scopes: Type.Array(Type.String()),
  createdAt: Time,
  expiresAt: TimeOrNull,
  lastUsedAt: Type.Union([Time, Type.Null()], { description: 'to the minute' }),
  revokedAt: TimeOrNull,
})

/** The answer to making one: the only one that has the key itself. */
export const NewKey = Type.Object({ ...Key.properties, key: Type.String({ description: 'told once: it is kept nowhere' }) })

export function keyView ({ id, name, hint, scopes, createdAt, expiresAt, lastUsedAt, revokedAt }: KeyRow): Static<typeof Key> {
  const time = (at: Date | null): string | null => at?.toISOString() ?? null
  return { id, name, hint, scopes: [...scopes], createdAt: createdAt.toISOString(), expiresAt: time(expiresAt), lastUsedAt: time(lastUsedAt), revokedAt: time(revokedAt) }
}

export function newKeyView ({ row, key }: IssuedKey): Static<typeof NewKey> {
  return { ...keyView(row), key }
}

/** @throws `invalid-request` for a time that is past */
export function expiryOf (text: string | null | undefined): Date | null {
  if (text === null || text === undefined) return null
  const at = new Date(text)
  if (!(at.getTime() > Date.now())) throw new EspalierError('invalid-request', `body: /expiresAt must be a time to come, such as "${new Date(Date.now() + 30 * 86_400_000).toISOString()}"`)
  return at
}
