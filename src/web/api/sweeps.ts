/** Questions about sweeps and what can be done to them. */
import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import type { SweepSummary } from '../../jobs/sweeps/resource.ts'
import { addressOf, request } from './request.ts'
import type { Page, Sweep } from './types.ts'

/** A sweep that runs is asked for so often. */
const ASK_MS = 2000

const isOpen = (state: Sweep['state'] | undefined): boolean => state === 'running' || state === 'cancelling'

export const sweepsQuery = queryOptions({
  queryKey: ['sweeps'] as const,
  queryFn: async ({ signal }) => await request<Page<SweepSummary>>(addressOf('/v1/sweeps', { limit: 100 }), { signal }),
  refetchInterval: ({ state: { data } }) => data?.items.some(({ state }) => isOpen(state)) === true ? ASK_MS : false,
})

export function sweepQuery (id: string) {
  return queryOptions({
    queryKey: ['sweep', id] as const,
    queryFn: async ({ signal }) => await request<Sweep>(`/v1/sweeps/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: ({ state: { data } }) => isOpen(data?.state) ? ASK_MS : false,
  })
}

export function useCancelSweep (id: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async () => await request<Sweep>(`/v1/sweeps/${encodeURIComponent(id)}/cancel`, { method: 'POST' }),
    onSettled: async () => { await client.invalidateQueries({ queryKey: ['sweep', id] }) },
  })
}
