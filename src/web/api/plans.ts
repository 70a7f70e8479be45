/** What a job would do, asked before it is one, and starting it. */
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from './request.ts'
import type { Job, Plan, Sweep } from './types.ts'

export interface JobBody { readonly model: string, readonly dataset?: string, readonly recipe: unknown }
export interface SweepBody extends JobBody { readonly name?: string, readonly grid: Readonly<Record<string, readonly unknown[]>>, readonly pick?: unknown }

/** Null: there is nothing to ask about yet. */
export function planQuery (body: JobBody | null) {
  return queryOptions({
    queryKey: ['plan', body] as const,
    queryFn: async ({ signal }) => await request<Plan>('/v1/plans', { method: 'POST', body, signal }),
    enabled: body !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  })
}

export function useStartJob () {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (body: JobBody) => await request<Job>('/v1/jobs', { method: 'POST', body }),
    onSuccess: async () => { await client.invalidateQueries({ queryKey: ['jobs'] }) },
  })
}

export function useStartSweep () {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (body: SweepBody) => await request<Sweep>('/v1/sweeps', { method: 'POST', body }),
    onSuccess: async () => { await client.invalidateQueries({ queryKey: ['sweeps'] }) },
  })
}
