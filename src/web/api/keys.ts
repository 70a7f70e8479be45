/** Keys of the tenant, and what the tenant may use and uses. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { Quotas, Usage } from '../../jobs/quotas.ts'
import type { Scope } from '../../jobs/scopes.ts'
import { addressOf, request } from './request.ts'
import type { Page } from './types.ts'

export interface ApiKey {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly revokedAt: string | null
}
/** The only answer that has the key itself. */
export interface NewApiKey extends ApiKey { readonly key: string }
export interface Me { readonly tenant: { readonly id: string, readonly name: string }, readonly key: string | null, readonly scopes: readonly Scope[], readonly quotas: Quotas, readonly used: Usage }
export interface KeyRequest { readonly name: string, readonly scopes: readonly string[], readonly expiresAt: string | null }

export const meQuery = queryOptions({ queryKey: ['me'] as const, queryFn: async ({ signal }) => await request<Me>('/v1/me', { signal }) })
export const keysQuery = queryOptions({ queryKey: ['keys'] as const, queryFn: async ({ signal }) => await request<Page<ApiKey>>(addressOf('/v1/keys', { limit: 100 }), { signal }), retry: false })

/** Gives the key, which is not told again. */
export function useMakeKey () {
  return useKeyMutation(async (body: KeyRequest) => await request<NewApiKey>('/v1/keys', { method: 'POST', body }))
}

export function useRotateKey () {
  return useKeyMutation(async ({ id, graceSeconds }: { readonly id: string, readonly graceSeconds: number }) => await request<NewApiKey>(`/v1/keys/${encodeURIComponent(id)}/rotate`, { method: 'POST', body: { graceSeconds } }))
}

export function useRevokeKey () {
  return useKeyMutation(async (id: string) => { await request<undefined>(`/v1/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }) })
}

function useKeyMutation<Input, Output> (mutationFn: (input: Input) => Promise<Output>) {
  const client = useQueryClient()
  // What was told once does not stay in the cache.
  return useMutation({ mutationFn, gcTime: 0, onSuccess: async () => { await client.invalidateQueries({ queryKey: ['keys'] }) } })
}
