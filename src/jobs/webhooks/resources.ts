/** What the API speaks of: webhooks, and what is delivered to them. */
import { Type, type Static } from 'typebox'

/** A type is `job.` and the state that the job came to: the trigger that writes deliveries builds it so. */
export const WEBHOOK_EVENTS = ['job.queued', 'job.running', 'job.paused', 'job.succeeded', 'job.failed', 'job.cancelled'] as const
export type WebhookEvent = typeof WEBHOOK_EVENTS[number]

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const
export type DeliveryState = typeof DELIVERY_STATES[number]

const text = Type.String()
const time = Type.String({ format: 'date-time' })
const orNull = <T extends Type.TSchema>(schema: T, description?: string) => Type.Union([schema, Type.Null()], description === undefined ? {} : { description })

export const Webhook = Type.Object({
  id: text,
  url: text,
  events: Type.Array(Type.Unsafe<WebhookEvent>(Type.Enum([...WEBHOOK_EVENTS]))),
  description: text,
  active: Type.Boolean({ description: 'nothing is sent, and nothing new kept for sending, while it is false' }),
  turnedOff: orNull(text, 'why the service turned it off; null when it did not'),
  previousSecretUntil: orNull(time, 'until when what is sent is signed with the former secret, too'),
  createdAt: time,
}, { $id: 'Webhook' })

/** `status` is null when no answer came, and `error` then says why. */
export const DeliveryTry = Type.Object({
  at: time,
  status: orNull(Type.Integer()),
  error: orNull(text),
  durationMs: Type.Integer(),
  response: orNull(text, 'the beginning of what the receiver answered'),
})

export const WebhookDelivery = Type.Object({
  id: Type.String({ description: 'the header webhook-id of every try' }),
  webhook: text,
  type: Type.String({ description: 'a type of event, or ping' }),
  job: orNull(text),
  state: Type.Unsafe<DeliveryState>(Type.Enum([...DELIVERY_STATES])),
  tries: Type.Integer({ description: 'since it was last asked for' }),
  nextTryAt: orNull(time, 'of a pending one'),
  last: orNull(DeliveryTry, 'the last try'),
  createdAt: time,
  deliveredAt: orNull(time),
}, { $id: 'WebhookDelivery' })

export type Webhook = Static<typeof Webhook>
export type WebhookDelivery = Static<typeof WebhookDelivery>
