/** Bodies, queries and answers of /v1/webhooks. */
import { Type } from 'typebox'
import { DELIVERY_STATES, WEBHOOK_EVENTS, Webhook, type WebhookDelivery, type WebhookEvent } from '../../../jobs/webhooks/resources.ts'
import { IdParams, PageQuery } from '../../schemas.ts'

const fields = {
  url: Type.String({ minLength: 1, maxLength: 2000, description: 'where messages are posted: http or https, public unless the operator allows more' }),
  events: Type.Array(Type.Unsafe<WebhookEvent>(Type.Enum([...WEBHOOK_EVENTS])), { minItems: 1, maxItems: WEBHOOK_EVENTS.length, uniqueItems: true, description: 'all when absent' }),
  description: Type.String({ maxLength: 500 }),
}

export const WebhookRequest = Type.Object({ url: fields.url, events: Type.Optional(fields.events), description: Type.Optional(fields.description) }, { additionalProperties: false })
export const WebhookPatch = Type.Object({
  url: Type.Optional(fields.url),
  events: Type.Optional(fields.events),
  description: Type.Optional(fields.description),
  active: Type.Optional(Type.Boolean()),
}, { additionalProperties: false, minProperties: 1 })

export const DeliveriesQuery = Type.Object({ ...PageQuery.properties, state: Type.Optional(Type.Enum([...DELIVERY_STATES])) }, { additionalProperties: false })
export const DeliveryParams = Type.Object({ ...IdParams.properties, delivery: Type.String({ minLength: 1, maxLength: 100 }) })

/** References to the shared schemas of `describeApi`. */
export const WebhookRef = Type.Unsafe<Webhook>({ $ref: 'Webhook#' })
export const WebhookDeliveryRef = Type.Unsafe<WebhookDelivery>({ $ref: 'WebhookDelivery#' })
export const WithSecret = Type.Object({ ...Webhook.properties, secret: Type.String({ description: 'signs what is sent; it is told this one time' }) })
