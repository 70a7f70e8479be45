/** A tenant's webhooks and their deliveries in the Catalog. */
import { EspalierError } from '../../errors.ts'
import type { TenantWebhooks } from '../../jobs/webhooks/ports.ts'
import type { Webhook, WebhookDelivery, WebhookEvent } from '../../jobs/webhooks/resources.ts'
import type { Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import type * as rows from './generated/client.ts'
import { newId } from './ids.ts'
import { storable } from './rows.ts'
import { webhookContext } from './secrets.ts'

const NEWEST_FIRST = [{ createdAt: 'desc' as const }, { id: 'desc' as const }]

function webhookOf (row: rows.Webhook): Webhook {
  const until = row.previousSecretUntil
  return {
    id: row.id,
    url: row.url,
    events: row.events as WebhookEvent[],
    description: row.description,
    active: row.active,
    turnedOff: row.turnedOff,
    previousSecretUntil: until !== null && until.getTime() > Date.now() ? until.toISOString() : null,
    createdAt: row.createdAt.toISOString(),
  }
}

function deliveryOf (row: rows.WebhookDelivery): WebhookDelivery {
  return {
    id: row.id,
    webhook: row.webhookId,
    type: row.type,
    job: row.jobId,
    state: row.state,
    tries: row.tries,
    nextTryAt: row.state === 'pending' ? row.nextAt.toISOString() : null,
    last: row.lastAt === null ? null : { at: row.lastAt.toISOString(), status: row.lastStatus, error: row.lastError, durationMs: row.lastMs ?? 0, response: row.lastResponse },
    createdAt: row.createdAt.toISOString(),
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
  }
}

/** The url as it is stored, and its host: how much is sent there at once is limited. */
function placeOf (url: string): { url: string, host: string } {
  const { href, hostname } = new URL(url)
  return { url: storable(href), host: hostname }
}

/** The part of the Catalog that keeps a tenant's webhooks. */
export function webhooksIn ({ prisma, patiently, once, secrets }: Database, tenantId: string): TenantWebhooks {
  async function change (id: string, data: Parameters<typeof prisma.webhook.updateManyAndReturn>[0]['data']): Promise<Webhook | null> {
    const [row] = await once(async () => await prisma.webhook.updateManyAndReturn({ where: { id: storable(id), tenantId }, data }))
    return row === undefined ? null : webhookOf(row)
  }

  async function find (id: string): Promise<Webhook | null> {
    const row = await patiently(async () => await prisma.webhook.findUnique({ where: { id: storable(id), tenantId } }))
    return row === null ? null : webhookOf(row)
  }

  /** Holds the webhook until the transaction ends. @throws `conflict` when it is not active */
  async function withActive<T> (webhookId: string, work: (tx: Pick<typeof prisma, 'webhookDelivery' | '$queryRaw'>, id: string) => Promise<T>): Promise<T | null> {
    const id = storable(webhookId)
    return await once(async () => await prisma.$transaction(async (tx) => {
      const [held] = await tx.$queryRaw<Array<{ active: boolean }>>`SELECT active FROM webhooks WHERE id = ${id} AND tenant_id = ${tenantId} FOR KEY SHARE`
      if (held === undefined) return null
      if (!held.active) throw new EspalierError('conflict', `${id} is not active; set "active" to true first`, { id })
      return await work(tx, id)
    }))
  }

  return {
    async createWebhook ({ url, events, description, secret }, most) {
      const id = newId('whk')
      const sealed = (await once(async () => await secrets.box())).seal(secret, webhookContext(id))
      return webhookOf(await once(async () => await prisma.$transaction(async (tx) => {
        // One after the other, so that two at once do not come to more than `most`.
        await tx.$queryRaw`SELECT 1 FROM tenants WHERE id = ${tenantId} FOR NO KEY UPDATE`
        if (await tx.webhook.count({ where: { tenantId } }) >= most) throw new EspalierError('limit-exceeded', `there are ${most} webhooks already, which is the most; delete one first`, { limit: most })
        return await tx.webhook.create({ data: { id, tenantId, ...placeOf(url), events: [...events], description: storable(description), secret: sealed } })
      })))
    },

    webhook: find,

    async webhooks ({ limit, cursor }) {
      const where = { tenantId, ...after(cursor) }
      return pageOf(await patiently(async () => await prisma.webhook.findMany({ where, orderBy: NEWEST_FIRST, take: limit + 1 })), limit, webhookOf)
    },

    async changeWebhook (id, { url, events, description, active }) {
      return await change(id, {
        ...(url !== undefined && placeOf(url)),
        ...(events !== undefined && { events: [...events] }),
        ...(description !== undefined && { description: storable(description) }),
        ...(active !== undefined && { active, turnedOff: null }),
      })
    },

    async rotateWebhookSecret (idAsGiven, secret, overlapMs) {
      const id = storable(idAsGiven)
      const sealed = (await once(async () => await secrets.box())).seal(secret, webhookContext(id))
      const rows = await once(async () => await prisma.$queryRaw<unknown[]>`
        UPDATE webhooks SET previous_secret = secret, previous_secret_until = now() + ${overlapMs}::float8 * interval '1 millisecond', secret = ${sealed}
        WHERE id = ${id} AND tenant_id = ${tenantId} RETURNING 1`)
      return rows.length === 0 ? null : await find(id)
    },

    async deleteWebhook (id) {
      return (await once(async () => await prisma.webhook.deleteMany({ where: { id: storable(id), tenantId } }))).count > 0
    },

    async pingWebhook (webhookId) {
      return await withActive(webhookId, async (tx, id) => deliveryOf(await tx.webhookDelivery.create({
        data: { webhookId: id, type: 'ping', data: { webhook: id, at: new Date().toISOString() } },
      })))
    },

    async deliveries (webhookId, { limit, cursor, state }) {
      if (await find(webhookId) === null) return null
      const where = { webhookId: storable(webhookId), ...(state !== undefined && { state }), ...after(cursor) }
      return pageOf(await patiently(async () => await prisma.webhookDelivery.findMany({ where, orderBy: NEWEST_FIRST, take: limit + 1 })), limit, deliveryOf)
    },

    async retryDelivery (webhookId, deliveryId) {
      return await withActive(webhookId, async (tx, id) => {
        const where = { id: storable(deliveryId), webhookId: id }
        const moved = await tx.$queryRaw<unknown[]>`
          UPDATE webhook_deliveries SET state = 'pending', tries = 0, next_at = clock_timestamp(), delivered_at = NULL WHERE id = ${where.id} AND webhook_id = ${where.webhookId} RETURNING 1`
        return moved.length === 0 ? null : deliveryOf(await tx.webhookDelivery.findUniqueOrThrow({ where }))
      })
    },
  }
}
