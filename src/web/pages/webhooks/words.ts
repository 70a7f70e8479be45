/** Events and deliveries of webhooks in words. */
import type { DeliveryState, WebhookDelivery, WebhookEvent } from '../../api/webhooks.ts'

const EVENT_WORDS = {
  'job.queued': 'queued', 'job.running': 'running', 'job.paused': 'paused', 'job.succeeded': 'succeeded', 'job.failed': 'failed', 'job.cancelled': 'cancelled',
} as const satisfies Record<WebhookEvent, string>

export const EVENTS = Object.keys(EVENT_WORDS) as readonly WebhookEvent[]

export const DELIVERY_LOOKS = { pending: ['busy', 'Pending'], delivered: ['good', 'Delivered'], failed: ['bad', 'Failed'] } as const satisfies Record<DeliveryState, readonly [string, string]>

export function eventWords (event: WebhookEvent): string {
  return EVENT_WORDS[event]
}

/** What became of the last try: "200 in 12 ms". */
export function tryText (last: WebhookDelivery['last']): string {
  if (last === null) return 'not tried yet'
  return last.status === null ? last.error ?? 'no answer' : `${last.status} in ${last.durationMs} ms`
}
