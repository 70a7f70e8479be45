/** Questions about stored models and data sets. */
import { queryOptions } from '@tanstack/react-query'
import { addressOf, request } from './request.ts'
import type { Dataset, Model, Page } from './types.ts'

/** The newest hundred: enough to choose from. */
export const modelsQuery = queryOptions({ queryKey: ['models'] as const, queryFn: async ({ signal }) => await request<Page<Model>>(addressOf('/v1/models', { limit: 100 }), { signal }) })
export const datasetsQuery = queryOptions({ queryKey: ['datasets'] as const, queryFn: async ({ signal }) => await request<Page<Dataset>>(addressOf('/v1/datasets', { limit: 100 }), { signal }) })

export function modelQuery (id: string) {
  return queryOptions({ queryKey: ['model', id] as const, queryFn: async ({ signal }) => await request<Model>(`/v1/models/${encodeURIComponent(id)}`, { signal }), staleTime: Infinity })
}

export function datasetQuery (id: string) {
  return queryOptions({ queryKey: ['dataset', id] as const, queryFn: async ({ signal }) => await request<Dataset>(`/v1/datasets/${encodeURIComponent(id)}`, { signal }), staleTime: Infinity })
}
