/** Workers and queues, as they are at this moment. */
import { queryOptions } from '@tanstack/react-query'
import { request } from './request.ts'
import type { QueueState, Worker } from './types.ts'

const ASK_MS = 2500

export const workersQuery = queryOptions({ queryKey: ['workers'] as const, queryFn: async ({ signal }) => await request<{ items: readonly Worker[] }>('/v1/workers', { signal }), refetchInterval: ASK_MS })
export const queuesQuery = queryOptions({ queryKey: ['queues'] as const, queryFn: async ({ signal }) => await request<{ items: readonly QueueState[] }>('/v1/queues', { signal }), refetchInterval: ASK_MS })
