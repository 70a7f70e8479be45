/** Webhooks as their owner makes and changes them. */
import { EspalierError } from '../../errors.ts'
import type { TenantCatalog } from '../ports.ts'
import type { CheckWebhookUrl, NewWebhook, WebhookChanges } from '../webhooks/ports.ts'
import type { Webhook, WebhookDelivery } from '../webhooks/resources.ts'
import { newSecret } from '../webhooks/signature.ts'

/** Of one tenant. */
export const MOST_WEBHOOKS = 20
/** How long a receiver may keep to the former secret. */
const OVERLAP_MS = 24 * 3600 * 1000

/** A webhook whose secret is told this one time. */
export type WithSecret = Webhook & { readonly secret: string }

interface Mine { readonly catalog: TenantCatalog, readonly checkUrl: CheckWebhookUrl }

function noSuchWebhook (id: string): EspalierError {
  return new EspalierError('not-found', `there is no webhook ${id}`, { id })
}

/** The webhook. @throws `not-found` */
export async function found<T> (id: string, reading: Promise<T | null>): Promise<T> {
  const row = await reading
  if (row === null) throw noSuchWebhook(id)
  return row
}

/** @throws `invalid-request` when nothing may be sent to its url, `limit-exceeded` */
export async function createWebhook ({ catalog, checkUrl }: Mine, webhook: Omit<NewWebhook, 'secret'>): Promise<WithSecret> {
  await checkUrl(webhook.url)
  const secret = newSecret()
  return { ...await catalog.createWebhook({ ...webhook, secret }, MOST_WEBHOOKS), secret }
}

/** @throws `not-found`, `invalid-request` when nothing may be sent to its url */
export async function changeWebhook ({ catalog, checkUrl }: Mine, id: string, changes: WebhookChanges): Promise<Webhook> {
  if (changes.url !== undefined) await checkUrl(changes.url)
  return await found(id, catalog.changeWebhook(id, changes))
}

/** The former secret is good for 24 hours more, the one before it for no longer. @throws `not-found` */
export async function rotateSecret (catalog: TenantCatalog, id: string): Promise<WithSecret> {
  const secret = newSecret()
  return { ...await found(id, catalog.rotateWebhookSecret(id, secret, OVERLAP_MS)), secret }
}

/** @throws `not-found`, `conflict` when the webhook is not active */
export async function retryDelivery (catalog: TenantCatalog, webhookId: string, deliveryId: string): Promise<WebhookDelivery> {
  const delivery = await catalog.retryDelivery(webhookId, deliveryId)
  if (delivery === null) throw new EspalierError('not-found', `there is no delivery ${deliveryId} of webhook ${webhookId}`, { id: deliveryId })
  return delivery
}
