/** Questions about jobs and what can be done to them, as react-query knows them. */
import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { mergeMetrics } from './merge-metrics.ts'
import { addressOf, request } from './request.ts'
import type { Job, JobState, Metrics, Page } from './types.ts'

export interface JobFilters { readonly state?: JobState | undefined, readonly model?: string | undefined, readonly dataset?: string | undefined, readonly sweep?: string | undefined }
export type JobAction = 'cancel' | 'pause' | 'resume' | 'retry'

const PAGE = 30
/** Of one series: more than a chart has pixels. What the API leaves out changes no line. */
const POINTS = 2000

const pathOf = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`

export function jobsQuery (filters: JobFilters) {
  return infiniteQueryOptions({
    queryKey: ['jobs', filters] as const,
    queryFn: async ({ pageParam, signal }) => await request<Page<Job>>(addressOf('/v1/jobs', { ...filters, limit: PAGE, cursor: pageParam ?? undefined }), { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  })
}

export function jobQuery (id: string) {
  return queryOptions({ queryKey: ['job', id] as const, queryFn: async ({ signal }) => await request<Job>(pathOf(id), { signal }) })
}

export function metricsQuery (id: string) {
  return queryOptions({
    queryKey: ['metrics', id] as const,
    queryFn: async ({ client, queryKey, signal }) => {
      const asked = await request<Metrics>(addressOf(`${pathOf(id)}/metrics`, { limit: POINTS, keep: 'extremes' }), { signal })
      const told = client.getQueryData<Metrics>(queryKey)
      // What the stream told meanwhile goes behind; of what was before it may have told fewer points.
      return told === undefined ? asked : mergeMetrics(asked, id, { after: asked.lastStep ?? -1, series: told.series, thinned: false })
    },
    // They are many; the stream tells of new ones.
    staleTime: Infinity,
    structuralSharing: false,
  })
}

/** Does something to a job; lists and the job are asked for anew. */
export function useJobAction () {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ id, action }: { readonly id: string, readonly action: JobAction }) => await request<Job>(`${pathOf(id)}/${action}`, { method: 'POST' }),
    onSuccess: (job) => { client.setQueryData(jobQuery(job.id).queryKey, job) },
    onSettled: async () => { await client.invalidateQueries({ queryKey: ['jobs'] }) },
  })
}
