/** Idempotency keys in the Catalog. */
import { EspalierError } from '../../errors.ts'
import type { Catalog, StoredAnswer } from '../../jobs/ports.ts'
import { jsonText, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'
import { answerContext } from './secrets.ts'

type Idempotency = Pick<Catalog, 'reserveIdempotency' | 'completeIdempotency' | 'releaseIdempotency' | 'sweepIdempotency'>

/** After this long a reservation without an answer is that of a process that died. */
const ABANDONED_AFTER = Prisma.sql`interval '5 minutes'`
const KEPT_FOR = Prisma.sql`interval '24 hours'`

/** The part of the Catalog that keeps idempotency keys. */
export function idempotencyIn ({ prisma, patiently, once, secrets }: Database): Idempotency {
  async function opened (scope: string, key: string, answer: StoredAnswer): Promise<StoredAnswer> {
    if (answer.secret !== true) return answer
    const box = await secrets.box()
    try {
      return { ...answer, body: box.open(answer.body, answerContext(scope, key)) }
    } catch (cause) {
      throw new EspalierError('conflict', `the answer to Idempotency-Key ${key} cannot be read any more, as the key it was encrypted with is gone; use a new one`, { key }, { cause })
    }
  }

  return {
    async reserveIdempotency (scopeAsGiven, keyAsGiven, fingerprintAsGiven) {
      const [scope, key, fingerprint] = [storable(scopeAsGiven), storable(keyAsGiven), storable(fingerprintAsGiven)]
      return await once(async () => {
        while (true) {
          const taken = await prisma.$executeRaw`
            INSERT INTO idempotency_keys AS held (scope, key, fingerprint) VALUES (${scope}, ${key}, ${fingerprint})
            ON CONFLICT (scope, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = NULL, reserved_at = now(), created_at = now()
            WHERE held.created_at < now() - ${KEPT_FOR}
              OR (held.answer IS NULL AND held.fingerprint = excluded.fingerprint AND held.reserved_at < now() - ${ABANDONED_AFTER})`
          if (taken > 0) return { kind: 'fresh' }
          const held = await prisma.idempotencyKey.findUnique({ where: { scope_key: { scope, key } } })
          if (held === null) continue // released or swept in between: it is free now
          if (held.fingerprint !== fingerprint) return { kind: 'mismatch' }
          return held.answer === null ? { kind: 'running' } : { kind: 'done', answer: await opened(scope, key, held.answer as unknown as StoredAnswer) }
        }
      })
    },

    async completeIdempotency (scopeAsGiven, keyAsGiven, answer) {
      const [scope, key] = [storable(scopeAsGiven), storable(keyAsGiven)]
      const body = answer.secret === true ? (await secrets.box()).seal(answer.body, answerContext(scope, key)) : answer.body
      await patiently(async () => await prisma.$executeRaw`UPDATE idempotency_keys SET answer = ${jsonText({ ...answer, body })}::json WHERE scope = ${scope} AND key = ${key}`)
    },

    async releaseIdempotency (scope, key) {
      const where = { scope: storable(scope), key: storable(key), answer: { equals: Prisma.DbNull } }
      await patiently(async () => await prisma.idempotencyKey.deleteMany({ where }))
    },

    async sweepIdempotency () {
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM idempotency_keys WHERE created_at < now() - ${KEPT_FOR}`)
    },
  }
}
