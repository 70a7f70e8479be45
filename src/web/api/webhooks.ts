/** Webhooks of the tenant, what was and will be sent to them, and what can be done to both. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { DeliveryState, Webhook, WebhookDelivery, WebhookEvent } from '../../jobs/webhooks/resources.ts'
import { addressOf, request } from './request.ts'
import type { Page } from './types.ts'

export type { DeliveryState, Webhook, WebhookDelivery, WebhookEvent }

/** The only answers that have the secret. */
export interface WebhookWithSecret extends Webhook { readonly secret: string }
export interface WebhookRequest { readonly url: string, readonly events: readonly WebhookEvent[], readonly description: string }

const PAGE = 30
/** While something waits to be sent. */
const ASK_MS = 3000

const pathOf = (id: string): string => `/v1/webhooks/${encodeURIComponent(id)}`

/** A tenant has fewer than a page has. */
export const webhooksQuery = queryOptions({ queryKey: ['webhooks'] as const, queryFn: async ({ signal }) => await request<Page<Webhook>>(addressOf('/v1/webhooks', { limit: 100 }), { signal }) })

export function deliveriesQuery (id: string, state: DeliveryState | undefined) {
  return infiniteQueryOptions({
    queryKey: ['deliveries', id, state] as const,
    queryFn: async ({ pageParam, signal }) => await request<Page<WebhookDelivery>>(addressOf(`${pathOf(id)}/deliveries`, { state, limit: PAGE, cursor: pageParam ?? undefined }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state: { data } }) => data?.pages.some(({ items }) => items.some((delivery) => delivery.state === 'pending')) === true ? ASK_MS : false,
  })
}

/** Gives the secret, which is not told again. */
export function useMakeWebhook () {
  return useWebhookMutation(async (body: WebhookRequest) => await request<WebhookWithSecret>('/v1/webhooks', { method: 'POST', body }))
}

export function useRotateSecret () {
  return useWebhookMutation(async (id: string) => await request<WebhookWithSecret>(`${pathOf(id)}/rotate-secret`, { method: 'POST' }))
}

export function useTurnWebhook () {
  return useWebhookMutation(async ({ id, active }: { readonly id: string, readonly active: boolean }) => await request<Webhook>(pathOf(id), { method: 'PATCH', body: { active } }))
}

export function useDeleteWebhook () {
  return useWebhookMutation(async (id: string) => { await request<undefined>(pathOf(id), { method: 'DELETE' }) })
}

export function usePingWebhook () {
  return useWebhookMutation(async (id: string) => await request<WebhookDelivery>(`${pathOf(id)}/ping`, { method: 'POST' }))
}

export function useRetryDelivery () {
  return useWebhookMutation(async ({ webhook, id }: Pick<WebhookDelivery, 'webhook' | 'id'>) => await request<WebhookDelivery>(`${pathOf(webhook)}/deliveries/${encodeURIComponent(id)}/retry`, { method: 'POST' }))
}

function useWebhookMutation<T, V> (mutationFn: (given: V) => Promise<T>) {
  const client = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['webhooks'] }), client.invalidateQueries({ queryKey: ['deliveries'] })])
    },
  })
}
