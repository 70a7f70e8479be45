/** Keeps what is cached of jobs up to date by the stream of all jobs. */
import { useEffect, useState } from 'react'
import { useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { openEventStream, type StreamMessage, type StreamState } from './event-stream.ts'
import type { Job, JobState, Page, Progress } from './types.ts'

/** A thousand jobs that change in one second are asked for once. */
const ASK_EVERY_MS = 1000

type Told = { readonly job: string, readonly attempt: number } & (Progress | { readonly state: JobState })
type Pages = InfiniteData<Page<Job>, string | null>

/** While a page that shows jobs is there. Gives the state of the stream. */
export function useLiveJobs (): StreamState {
  const client = useQueryClient()
  const [state, setState] = useState<StreamState>('connecting')
  useEffect(() => {
    const ask = atMostEvery(ASK_EVERY_MS, () => { void client.invalidateQueries({ queryKey: ['jobs'] }) })
    const close = openEventStream('/v1/events', {
      onState: setState,
      onMessage: (message) => { take(client, message, ask.now) },
    })
    return () => {
      close()
      ask.end()
    }
  }, [client])
  return state
}

function take (client: QueryClient, { event, data }: StreamMessage, ask: () => void): void {
  if (event === 'ready') return ask()
  const { job: id, attempt: _attempt, ...told } = data as Told
  if (event === 'progress') patch(client, id, (job) => ({ ...job, progress: told as Progress }))
  if (event !== 'state') return
  const { state } = told as { state: JobState }
  patch(client, id, (job) => ({ ...job, state }))
  void client.invalidateQueries({ queryKey: ['job', id] })
  void client.invalidateQueries({ queryKey: ['metrics', id] })
  // It may belong into the list or out of it, and has an end, a receipt or an error by now.
  ask()
}

function patch (client: QueryClient, id: string, change: (job: Job) => Job): void {
  const changed = (job: Job): Job => job.id === id ? change(job) : job
  client.setQueriesData<Pages>({ queryKey: ['jobs'] }, (pages) => {
    if (pages === undefined || !pages.pages.some(({ items }) => items.some((job) => job.id === id))) return pages
    return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: page.items.map(changed) })) }
  })
  client.setQueryData<Job>(['job', id], (job) => job && changed(job))
}

/** Calls at once, and again at the end of a pause in which it was asked to. */
function atMostEvery (ms: number, call: () => void): { now: () => void, end: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let again = false
  const run = (): void => {
    call()
    timer = setTimeout(() => {
      timer = undefined
      if (!again) return
      again = false
      run()
    }, ms)
  }
  return {
    now: () => { if (timer === undefined) run(); else again = true },
    end: () => { clearTimeout(timer) },
  }
}
