/** Questions about stored models and data sets. */
import { useMemo } from 'react'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { addressOf, request } from './request.ts'
import type { Dataset, Model, Page } from './types.ts'
import type { FileKind, Stored } from './upload.ts'

/** The newest hundred: enough to choose from. */
export const modelsQuery = queryOptions({ queryKey: ['models'] as const, queryFn: async ({ signal }) => await request<Page<Model>>(addressOf('/v1/models', { limit: 100 }), { signal }) })
export const datasetsQuery = queryOptions({ queryKey: ['datasets'] as const, queryFn: async ({ signal }) => await request<Page<Dataset>>(addressOf('/v1/datasets', { limit: 100 }), { signal }) })

const ONE = { models: 'model', datasets: 'dataset' } as const satisfies Record<FileKind, string>

export function fileQuery<K extends FileKind> (kind: K, id: string) {
  return queryOptions({ queryKey: [ONE[kind], id] as const, queryFn: async ({ signal }) => await request<Stored[K]>(`/v1/${kind}/${encodeURIComponent(id)}`, { signal }), staleTime: Infinity })
}

export const modelQuery = (id: string) => fileQuery('models', id)
export const datasetQuery = (id: string) => fileQuery('datasets', id)

/** Names of models by id, of the newest hundred. */
export function useModelNames (): ReadonlyMap<string, string> {
  const models = useQuery(modelsQuery).data?.items
  return useMemo(() => new Map(models?.map(({ id, name }) => [id, name])), [models])
}
