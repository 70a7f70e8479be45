/** What webhooks need from outside: rows of a tenant, the outbox of all tenants, and a way to send. */
import type { ErrorRecord } from '../../errors.ts'
import type { Page, PageRequest } from '../ports.ts'
import type { JobState } from '../resources.ts'
import type { DeliveryState, Webhook, WebhookDelivery, WebhookEvent } from './resources.ts'

export interface NewWebhook { readonly url: string, readonly events: readonly WebhookEvent[], readonly description: string, readonly secret: string }
export type WebhookChanges = Partial<Pick<Webhook, 'url' | 'events' | 'description' | 'active'>>

/** A tenant's webhooks. Null or false stands for one that is not there. */
export interface TenantWebhooks {
  /** Throws `limit-exceeded` when the tenant has `most` already. */
  createWebhook (webhook: NewWebhook, most: number): Promise<Webhook>
  webhook (id: string): Promise<Webhook | null>
  webhooks (page: PageRequest): Promise<Page<Webhook>>
  changeWebhook (id: string, changes: WebhookChanges): Promise<Webhook | null>
  /** What is sent from now on is signed with the new secret, and for `overlapMs` with the present one, too. */
  rotateWebhookSecret (id: string, secret: string, overlapMs: number): Promise<Webhook | null>
  /** Its deliveries go with it. */
  deleteWebhook (id: string): Promise<boolean>
  /** A delivery of type ping; throws `conflict` when the webhook is not active. */
  pingWebhook (id: string): Promise<WebhookDelivery | null>
  deliveries (webhookId: string, page: PageRequest & { readonly state?: DeliveryState }): Promise<Page<WebhookDelivery> | null>
  /** To be sent now, with all tries before it again, whatever became of it; throws `conflict` when the webhook is not active. */
  retryDelivery (webhookId: string, deliveryId: string): Promise<WebhookDelivery | null>
}

/** A job as it was when it came to its state: what the trigger keeps. Times are ISO 8601 of any zone. */
export interface JobSnapshot {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly model: string
  readonly dataset: string | null
  readonly evaluationDataset: string | null
  readonly error: ErrorRecord | null
  readonly createdAt: string
  readonly startedAt: string | null
  readonly finishedAt: string | null
}

/** What a delivery tells of, as stored. */
export type EventData =
  | { readonly webhook: string, readonly at: string }
  | { readonly sequence: number, readonly at: string, readonly job: JobSnapshot }

/** A webhook that has something to be sent. */
export interface DueWebhook { readonly id: string, readonly tenantId: string, readonly host: string }

export interface ClaimedDelivery {
  readonly id: string
  readonly webhook: DueWebhook
  readonly url: string
  /** The present one first; none when this process lacks the key that they are encrypted with. */
  readonly secrets: readonly string[]
  readonly type: string
  readonly data: EventData
  /** This one included. */
  readonly tries: number
  /** Whoever has not recorded by then has lost it. */
  readonly leasedUntil: Date
}

/** What became of a try. `waitMs`: until the next one. `turnOff`: why the webhook is to be sent nothing more. */
export interface DeliveryOutcome {
  readonly state: DeliveryState
  readonly waitMs?: number
  readonly turnOff?: string
  readonly answer: SendAnswer
}

/** The deliveries of all tenants, shared by any number of dispatchers: each is had by one at a time, and each webhook, too, so that it gets them in order. */
export interface WebhookOutbox {
  /** Active webhooks that have a delivery due and that nobody sends to, those longest left alone first. */
  dueWebhooks (options: { readonly limit: number, readonly exceptHosts: readonly string[], readonly exceptTenants: readonly string[] }): Promise<DueWebhook[]>
  /** The first due delivery of each of these that nobody else has taken, counted as tried. */
  claimDeliveries (webhookIds: readonly string[], leaseMs: number): Promise<ClaimedDelivery[]>
  /** False, and nothing is changed of the delivery, when the lease was lost. */
  recordDelivery (claim: ClaimedDelivery, outcome: DeliveryOutcome): Promise<boolean>
  /**
   * Makes sure that secrets are encrypted with a key that the other processes have, and brings those that are not under the first key there. Gives how many were, and how many
   * cannot be read. @throws `invalid-configuration` when the others have another key
   */
  sealSecrets (): Promise<{ readonly sealed: number, readonly unreadable: number }>
  /** Drops deliveries older than 30 days. */
  sweepDeliveries (): Promise<number>
}

export interface Message { readonly headers: Readonly<Record<string, string>>, readonly body: string }

/** `status` is null when no answer came. */
export interface SendAnswer {
  readonly status: number | null
  readonly error: string | null
  /** The header Retry-After, milliseconds from now. */
  readonly retryAfterMs: number | null
  readonly response: string | null
  readonly durationMs: number
}

export interface WebhookSender {
  /** Posts a message; never rejects. */
  send (url: string, message: Message, signal: AbortSignal): Promise<SendAnswer>
}

/** Throws `invalid-request` when nothing may be sent to an address, and says why. */
export type CheckWebhookUrl = (url: string) => Promise<void>
