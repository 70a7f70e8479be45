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
    let toldStep = -1
    return openEventStream(`/v1/jobs/${encodeURIComponent(id)}/events`, {
      onState: setState,
      onMessage: (message) => {
        take(client, id, message)
        if (message.event !== 'metrics') return
        const { after, series } = message.data as ToldMetrics
        // The run went on from a checkpoint: an answer that is under way may have what is void.
        if (after < toldStep) void client.invalidateQueries({ queryKey: metricsQuery(id).queryKey })
        toldStep = Math.max(after, ...Object.values(series).map((points) => points.at(-1)?.[0] ?? -1))
      },
    })
  }, [client, id, live])
  return state
}

function take (client: QueryClient, id: string, { event, data }: StreamMessage): void {
  const { queryKey } = jobQuery(id)
  if (event === 'progress') {
    const { job: _job, attempt: _attempt, ...progress } = data as { job: string, attempt: number } & Progress
    client.setQueryData<Job>(queryKey, (job) => job && { ...job, progress })
  } else if (event === 'metrics') {
    client.setQueryData(metricsQuery(id).queryKey, (known) => mergeMetrics(known, id, data as ToldMetrics))
  } else if (event === 'state' || event === 'end') {
    const { state } = data as { state: JobState }
    client.setQueryData<Job>(queryKey, (job) => job && { ...job, state })
    void client.invalidateQueries({ queryKey })
    if (event === 'end') void client.invalidateQueries({ queryKey: ['jobs'] })
  }
}
