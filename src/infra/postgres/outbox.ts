/** The outbox of webhooks in the Catalog: deliveries of all tenants, taken by one dispatcher at a time. */
import type { ClaimedDelivery, DueWebhook, EventData, WebhookOutbox } from '../../jobs/webhooks/ports.ts'
import type { SecretBox } from '../secrets/box.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'
import { resealAll, webhookContext } from './secrets.ts'

const KEPT_FOR = Prisma.sql`interval '30 days'`
const FREE = Prisma.sql`active AND (leased_until IS NULL OR leased_until <= now())`

interface Claimed extends Omit<ClaimedDelivery, 'webhook' | 'secrets' | 'data'> {
  readonly webhookId: string
  readonly tenantId: string
  readonly host: string
  readonly secret: string
  readonly previousSecret: string | null
  readonly data: EventData
}

function claimOf ({ webhookId, tenantId, host, secret, previousSecret, ...claim }: Claimed, box: SecretBox): ClaimedDelivery {
  const secrets = previousSecret === null ? [secret] : [secret, previousSecret]
  return { ...claim, webhook: { id: webhookId, tenantId, host }, secrets: secrets.flatMap((stored) => readable(stored, webhookId, box)) }
}

function readable (stored: string, webhookId: string, box: SecretBox): string[] {
  try {
    return [box.open(stored, webhookContext(webhookId))]
  } catch {
    return []
  }
}

/** The part of the Catalog that dispatchers of webhooks share. */
export function outboxIn ({ prisma, patiently, once, secrets }: Database): WebhookOutbox {
  return {
    async dueWebhooks ({ limit, exceptHosts, exceptTenants }) {
      return await patiently(async () => await prisma.$queryRaw<DueWebhook[]>`
        SELECT id, tenant_id AS "tenantId", host FROM webhooks AS hook
        WHERE ${FREE} AND host <> ALL (${[...exceptHosts]}::text[]) AND tenant_id <> ALL (${[...exceptTenants]}::text[])
          AND EXISTS (SELECT 1 FROM webhook_deliveries WHERE webhook_id = hook.id AND state = 'pending' AND next_at <= now())
        ORDER BY leased_until NULLS FIRST LIMIT ${limit}`)
    },

    // A webhook is leased before one of its deliveries is looked for: the second statement sees what whoever had it before has recorded.
    async claimDeliveries (webhookIds, leaseMs) {
      const box = await patiently(async () => await secrets.box())
      return await patiently(async () => await prisma.$transaction(async (tx) => {
        const hooks = await tx.$queryRaw<Array<{ id: string }>>`
          UPDATE webhooks SET leased_until = now() + ${leaseMs}::float8 * interval '1 millisecond'
          WHERE id IN (SELECT id FROM webhooks WHERE id = ANY (${[...webhookIds]}::text[]) AND ${FREE} FOR NO KEY UPDATE SKIP LOCKED) RETURNING id`
        if (hooks.length === 0) return []
        const ids = hooks.map(({ id }) => id)
        const claimed = await tx.$queryRaw<Claimed[]>`
          UPDATE webhook_deliveries AS due SET tries = due.tries + 1, next_at = hook.leased_until
          FROM webhooks AS hook CROSS JOIN LATERAL (
            SELECT id FROM webhook_deliveries WHERE webhook_id = hook.id AND state = 'pending' AND next_at <= clock_timestamp() ORDER BY next_at, sequence LIMIT 1) AS head
          WHERE hook.id = ANY (${ids}::text[]) AND due.id = head.id
          RETURNING due.id, due.type, due.data, due.tries, due.next_at AS "leasedUntil", hook.id AS "webhookId", hook.tenant_id AS "tenantId", hook.host, hook.url, hook.secret,
            CASE WHEN hook.previous_secret_until > now() THEN hook.previous_secret END AS "previousSecret"`
        const idle = ids.filter((id) => claimed.every(({ webhookId }) => webhookId !== id))
        if (idle.length > 0) await tx.$executeRaw`UPDATE webhooks SET leased_until = now() WHERE id = ANY (${idle}::text[])`
        return claimed.map((one) => claimOf(one, box))
      }))
    },

    async recordDelivery ({ id, webhook, leasedUntil }, { state, waitMs = 0, turnOff = null, answer }) {
      const response = answer.response === null ? null : storable(answer.response)
      const [, recorded] = await patiently(async () => await prisma.$transaction([
        // First the webhook, as its deletion does: in the other order two would wait for each other.
        prisma.$executeRaw`
          UPDATE webhooks SET leased_until = now(), active = active AND ${turnOff}::text IS NULL, turned_off = coalesce(${turnOff}::text, turned_off)
          WHERE id = ${webhook.id} AND leased_until = ${leasedUntil}`,
        prisma.$executeRaw`
          UPDATE webhook_deliveries SET state = ${state}::delivery_state, next_at = clock_timestamp() + ${waitMs}::float8 * interval '1 millisecond',
            last_at = now(), last_status = ${answer.status}, last_error = ${answer.error}, last_ms = ${answer.durationMs}, last_response = ${response},
            delivered_at = CASE WHEN ${state}::delivery_state = 'delivered' THEN now() END
          WHERE id = ${id} AND state = 'pending' AND next_at = ${leasedUntil}`,
      ]))
      return recorded > 0
    },

    async sealSecrets () {
      return await once(async () => await resealAll(prisma, await secrets.box()))
    },

    async sweepDeliveries () {
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM webhook_deliveries WHERE created_at < now() - ${KEPT_FOR}`)
    },
  }
}
