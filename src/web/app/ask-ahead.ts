/** What the first page asks of the API is asked while the page's own script is still on its way. */
import type { QueryClient } from '@tanstack/react-query'
import { jobQuery, jobsQuery, metricsQuery } from '../api/jobs.ts'

/** By the address, the largest answer first; of others nothing. What fails is asked again by the page. */
export function askAhead (client: QueryClient, { pathname, search }: Pick<Location, 'pathname' | 'search'>): void {
  const id = /^\/jobs\/(\w+)$/.exec(pathname)?.[1]
  if (id !== undefined) {
    void client.prefetchQuery(metricsQuery(id))
    void client.prefetchQuery(jobQuery(id))
  } else if ((pathname === '/' || pathname === '/jobs') && search === '') {
    void client.prefetchInfiniteQuery(jobsQuery({}))
  }
}
