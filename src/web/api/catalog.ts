/** The server's own tables of what it can do, with their descriptions. */
import { queryOptions } from '@tanstack/react-query'
import { request } from './request.ts'

/** As much of JSON schema as the catalogue's settings are written in. */
export interface Schema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly const?: string
  readonly description?: string
  readonly minimum?: number
  readonly exclusiveMinimum?: number
  readonly maximum?: number
  readonly exclusiveMaximum?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly default?: unknown
  readonly required?: readonly string[]
}

export interface Entry { readonly name: string, readonly description: string }
/** `granularities`: what it can rank; absent: anything. */
export interface RankingEntry extends Entry { readonly needsData: boolean, readonly granularities?: readonly string[] }
export interface TargetEntry extends Entry { readonly schema: Schema, readonly search?: string }
export interface GranularityEntry extends Entry { readonly settings: Schema }
export interface StageEntry extends Entry { readonly settings: Schema }
export interface MethodEntry extends Entry {
  readonly targets: readonly string[]
  readonly trains: boolean
  readonly reshapes: boolean
  readonly granularities: readonly string[]
  readonly criteria?: readonly string[]
  readonly scopes?: readonly string[]
  /** By key of the recipe that the method takes. */
  readonly parameters: Readonly<Record<string, Schema | undefined>>
}

export interface Catalog {
  readonly methods: readonly MethodEntry[]
  readonly targets: readonly TargetEntry[]
  readonly criteria: readonly RankingEntry[]
  readonly scopes: readonly RankingEntry[]
  readonly granularities: readonly GranularityEntry[]
  readonly stages: readonly StageEntry[]
  readonly modelFormats: readonly Entry[]
  readonly datasetFormats: readonly Entry[]
}

export const catalogQuery = queryOptions({ queryKey: ['catalog'] as const, queryFn: async ({ signal }) => await request<Catalog>('/v1/catalog', { signal }), staleTime: Infinity })
