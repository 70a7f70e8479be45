/** Keeps what is cached of one job up to date by its stream, from now to its end. */
import { useEffect, useState } from 'react'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { openEventStream, type StreamMessage, type StreamState } from './event-stream.ts'
import { jobQuery, metricsQuery } from './jobs.ts'
import { mergeMetrics, type ToldMetrics } from './merge-metrics.ts'
import type { Job, JobState, Progress } from './types.ts'

/** `live`: has the job not ended? Gives the state of the stream. */
export function useLiveJob (id: string, live: boolean): StreamState {
  const client = useQueryClient()
  const [state, setState] = useState<StreamState>('connecting')
  useEffect(() => {
    if (!live) {
      setState('ended')
      return
    }
    return openEventStream(`/v1/jobs/${encodeURIComponent(id)}/events`, { onState: setState, onMessage: (message) => { take(client, id, message) } })
  }, [client, id, live])
  return state
}

function take (client: QueryClient, id: string, { event, data }: StreamMessage): void {
  const { queryKey } = jobQuery(id)
  if (event === 'progress') {
    const { job: _job, attempt: _attempt, ...progress } = data as { job: string, attempt: number } & Progress
    client.setQueryData<Job>(queryKey, (job) => job && { ...job, progress })
  } else if (event === 'metrics') {
    // Figures that are being asked for would come after these and know less.
    void client.cancelQueries({ queryKey: metricsQuery(id).queryKey })
    client.setQueryData(metricsQuery(id).queryKey, (known) => mergeMetrics(known, id, data as ToldMetrics))
  } else if (event === 'state' || event === 'end') {
    const { state } = data as { state: JobState }
    client.setQueryData<Job>(queryKey, (job) => job && { ...job, state })
    void client.invalidateQueries({ queryKey })
    if (event === 'end') void client.invalidateQueries({ queryKey: ['jobs'] })
  }
}
