/** Clients that submit jobs of several kinds without a pause, cancel some and pause others, and remember what they were promised. */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../../src/jobs/resources.ts'
import { isEnded } from '../../../src/jobs/states.ts'

export interface Files { readonly model: string, readonly trained: string, readonly dataset: string }

/** A kind of job, and what a client does with one afterwards. */
const KINDS = {
  quick: { weight: 6, wish: null, job: ({ model }: Files) => ({ model, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: false } }) },
  evaluated: { weight: 2, wish: null, job: ({ trained, dataset }: Files) => ({ model: trained, dataset, recipe: { method: 'magnitude', target: { sparsity: 0.5 }, evaluation: { latency: false } } }) },
  training: { weight: 2, wish: null, job: (files: Files) => training(files) },
  cancelled: { weight: 1, wish: 'cancel', job: (files: Files) => training(files) },
  paused: { weight: 1, wish: 'pause', job: (files: Files) => training(files) },
} as const

type Kind = keyof typeof KINDS

const training = ({ trained, dataset }: Files): object => ({
  model: trained, dataset, recipe: { method: 'fine-tune', training: { epochs: 3, batchSize: 64, validation: 0.1, checkpointEvery: 0.5 }, evaluation: { latency: false } },
})

/** Jobs that one client has under way at once. */
const UNDER_WAY = 3
const REQUEST_MS = 20_000

export interface Promised { readonly id: string, readonly kind: Kind }

export interface Crowd {
  /** What was accepted so far. */
  readonly accepted: readonly Promised[]
  /** Answers that no client ought to get, whatever is broken: neither a job nor 503 or a cut connection. */
  readonly strange: readonly string[]
  /** No further jobs; resolves when every request has its answer. */
  stop (): Promise<void>
}

export function startCrowd (url: string, files: Files, clients: number): Crowd {
  const accepted: Promised[] = []
  const strange: string[] = []
  let stopped = false

  /** Until it is answered by something other than trouble that passes: the same key makes it one request. */
  async function request<T> (method: string, path: string, body?: object): Promise<{ status: number, value: T }> {
    const headers = { 'idempotency-key': randomUUID(), ...(body !== undefined && { 'content-type': 'application/json' }) }
    for (;;) {
      try {
        const answer = await fetch(new URL(path, url), { method, headers: method === 'GET' ? {} : headers, ...(body !== undefined && { body: JSON.stringify(body) }), signal: AbortSignal.timeout(REQUEST_MS) })
        const value = await answer.json() as T
        if (answer.status < 500 && answer.status !== 409) return { status: answer.status, value }
        if (answer.status === 409 && (value as { code?: string }).code !== 'still-running') return { status: 409, value }
        if (answer.status >= 500 && answer.status !== 503 && answer.status !== 507) strange.push(`${method} ${path}: ${answer.status} ${JSON.stringify(value)}`)
      } catch {
        // Cut off or out of time: the API is away.
      }
      await sleep(300)
    }
  }

  function pick (): Kind {
    const names = Object.keys(KINDS) as Kind[]
    let at = Math.random() * names.reduce((sum, name) => sum + KINDS[name].weight, 0)
    return names.find((name) => (at -= KINDS[name].weight) < 0) ?? 'quick'
  }

  async function one (): Promise<void> {
    const kind = pick()
    const { wish, job } = KINDS[kind]
    const { status, value } = await request<Job>('POST', '/v1/jobs', job(files))
    if (status !== 202) { strange.push(`POST /v1/jobs: ${status} ${JSON.stringify(value)}`); return }
    const { id } = value
    accepted.push({ id, kind })
    if (wish !== null) {
      await sleep(Math.random() * 4000)
      await request('POST', `/v1/jobs/${id}/${wish}`)
    }
    for (let resumed = false; ;) {
      const { value: now } = await request<Job>('GET', `/v1/jobs/${id}`)
      if (isEnded(now.state)) return
      if (now.state === 'paused' && !resumed) resumed = (await request('POST', `/v1/jobs/${id}/resume`)).status === 202
      if (stopped && now.state !== 'paused') return
      await sleep(500)
    }
  }

  const running = Promise.all(Array.from({ length: clients * UNDER_WAY }, async () => { while (!stopped) await one() }))
  return {
    accepted,
    strange,
    async stop () {
      stopped = true
      await running
    },
  }
}
