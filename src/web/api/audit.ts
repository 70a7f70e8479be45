/** The record of actions: who did what in the tenant's name. */
import { infiniteQueryOptions, keepPreviousData } from '@tanstack/react-query'
import { addressOf, request } from './request.ts'
import type { Page } from './types.ts'

export interface AuditEntry {
  readonly id: string
  readonly at: string
  /** Id of a key, or environment, keyless, unknown. */
  readonly actor: string
  /** Operation id. */
  readonly action: string
  readonly target: string | null
  /** Of the answer. */
  readonly status: number
  readonly requestId: string
  readonly details: Readonly<Record<string, unknown>> | null
}
export interface AuditFilters { readonly actor?: string | undefined, readonly action?: string | undefined, readonly target?: string | undefined, readonly since?: string | undefined }

const PAGE = 50

export function auditQuery (filters: AuditFilters) {
  return infiniteQueryOptions({
    queryKey: ['audit', filters] as const,
    queryFn: async ({ pageParam, signal }) => await request<Page<AuditEntry>>(addressOf('/v1/audit', { ...filters, limit: PAGE, cursor: pageParam ?? undefined }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
  })
}
