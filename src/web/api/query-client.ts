/** The cache of what was asked of the API: what makes sense is asked again, what the request itself got wrong is not. */
import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem.ts'

const TRIES = 3

export function createQueryClient (): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        retry: (failures, error) => failures < TRIES && isPassing(error),
      },
    },
  })
}

/** May it be well the next time? */
function isPassing (error: Error): boolean {
  const { status } = Problem.from(error).document
  return status === 0 || status === 429 || status >= 500
}
