/** Keeps what is cached of one job up to date by its stream, from now to its end. */
import { useEffect, useState } from 'react'
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { openEventStream, type StreamMessage, type StreamState } from './event-stream.ts'
import { jobQuery, metricsQuery } from './jobs.ts'
import { mergeMetrics, type ToldMetrics } from './merge-metrics.ts'
import { toldJob } from './told-job.ts'
import type { Job } from './types.ts'

/** `live`: has the job not ended? Gives the state of the stream. */
export function useLiveJob (id: string, live: boolean): StreamState {
  const client = useQueryClient()
  const [state, setState] = useState<StreamState>('connecting')
  useEffect(() => {
    const { queryKey } = metricsQuery(id)
    if (!live) {
      setState('ended')
      // The job was asked for anew while the last figures were on their way.
      void client.refetchQueries({ queryKey, type: 'active', predicate: (query) => query.state.isInvalidated }, { cancelRefetch: false })
      return
    }
    let [toldStep, ended] = [-1, false]
    const close = openEventStream(`/v1/jobs/${encodeURIComponent(id)}/events`, {
      onState: setState,
      onMessage: (message) => {
        ended ||= message.event === 'end'
        take(client, id, message)
        if (message.event !== 'metrics') return
        const { after, series } = message.data as ToldMetrics
        // The run went on from a checkpoint: an answer that is under way may have what is void.
        if (after < toldStep) void client.invalidateQueries({ queryKey })
        toldStep = Math.max(after, ...Object.values(series).map((points) => points.at(-1)?.[0] ?? -1))
      },
    })
    return () => {
      close()
      // What comes from now on is told to nobody here.
      if (!ended) void client.invalidateQueries({ queryKey, refetchType: 'none' })
    }
  }, [client, id, live])
  return state
}

function take (client: QueryClient, id: string, message: StreamMessage): void {
  const { event, data } = message
  if (event === 'metrics') {
    client.setQueryData(metricsQuery(id).queryKey, (known) => mergeMetrics(known, id, data as ToldMetrics))
    return
  }
  const { queryKey } = jobQuery(id)
  const known = client.getQueryData<Job>(queryKey)
  const told = known && toldJob(known, message)
  if (told === known) return
  client.setQueryData<Job>(queryKey, told)
  if (event === 'progress') return
  void client.invalidateQueries({ queryKey })
  if (event === 'end') void client.invalidateQueries({ queryKey: ['jobs'] })
}
