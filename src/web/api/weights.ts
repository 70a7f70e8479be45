/** Questions about what became of a job's weights. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { TensorRecord } from '../../methods/weight-record/record.ts'
import { addressOf, request } from './request.ts'

/** `mask`: its address; null where it is too large to have one. */
export type WeightTensor = TensorRecord & { readonly mask: string | null }
export interface Weights { readonly job: string, readonly tensors: readonly WeightTensor[], readonly left: number }

/** Rows and columns of the matrix [positions * inputs, outputs]. */
export interface MaskWindow { readonly row: number, readonly column: number, readonly rows: number, readonly columns: number }
export interface Mask extends MaskWindow {
  readonly cellRows: number
  readonly cellColumns: number
  readonly down: number
  readonly across: number
  /** down * across shares of weights that are kept, 0 to 255. */
  readonly shares: Uint8Array
}

export function weightsQuery (job: string) {
  return queryOptions({ queryKey: ['weights', job] as const, queryFn: async ({ signal }) => await request<Weights>(`/v1/jobs/${encodeURIComponent(job)}/weights`, { signal }), staleTime: Infinity })
}

export function maskQuery (address: string, window: MaskWindow) {
  return queryOptions({
    queryKey: ['mask', address, window] as const,
    queryFn: async ({ signal }): Promise<Mask> => {
      const told = await request<Omit<Mask, 'shares'> & { readonly shares: string }>(addressOf(address, { ...window }), { signal })
      return { ...told, shares: Uint8Array.from(atob(told.shares), (letter) => letter.charCodeAt(0)) }
    },
    staleTime: Infinity,
    placeholderData: keepPreviousData,
  })
}
