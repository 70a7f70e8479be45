/** The workers and queues as the API shows them, and what a queued job waits for. */
import { Type, type Static } from 'typebox'
import type { JobRow, QueueCounts } from './ports.ts'
import { QUEUE_NAMES, QUEUES, type QueueName } from './queues.ts'

/** A worker tells so often that it is there, and is gone when it did not for so long. */
export const BEAT_MS = 5000
export const GONE_MS = 30_000

export const WORKER_STATES = ['starting', 'ready', 'draining'] as const
export type WorkerState = typeof WORKER_STATES[number]

export const Worker = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'as attempts name it' }),
  host: Type.String(),
  pid: Type.Integer(),
  version: Type.String(),
  state: Type.Enum([...WORKER_STATES, 'gone'], { description: 'draining: it takes nothing any more; gone: not heard of for 30 seconds' }),
  device: Type.Union([Type.Object({ kind: Type.String(), name: Type.String() }, { additionalProperties: true }), Type.Null()], { description: 'what computes; null until its engine has loaded' }),
  memoryBytes: Type.Integer({ description: 'what one job may have there' }),
  cpus: Type.Integer(),
  concurrency: Type.Integer({ description: 'jobs at once' }),
  queues: Type.Array(Type.Enum([...QUEUE_NAMES])),
  running: Type.Integer({ description: 'jobs that it works on' }),
  jobs: Type.Array(Type.String(), { description: 'ids of those that are yours' }),
  startedAt: Type.String({ format: 'date-time' }),
  seenAt: Type.String({ format: 'date-time' }),
}, { $id: 'Worker' })

export const QueueState = Type.Object({
  name: Type.Enum([...QUEUE_NAMES]),
  description: Type.String(),
  waiting: Type.Integer(),
  active: Type.Integer({ description: 'taken by a worker' }),
  delayed: Type.Integer({ description: 'that come back after a pause' }),
  jobs: Type.Integer({ description: 'all of them: what a number of workers is to be made for' }),
  oldestWaitSeconds: Type.Number({ description: 'how long the job waits that waits longest; 0: none does' }),
  workers: Type.Integer({ description: 'workers that serve it' }),
  slots: Type.Integer({ description: 'jobs that these work on at once, of all their queues' }),
}, { $id: 'QueueState' })

export type Worker = Static<typeof Worker>
export type QueueState = Static<typeof QueueState>
/** What tells whether a worker takes a job. */
export type ServingWorker = Pick<Worker, 'state' | 'queues' | 'memoryBytes'>
/** What a worker says of itself. */
export type WorkerFacts = Omit<Worker, 'state' | 'running' | 'startedAt' | 'seenAt'> & { readonly state: WorkerState }

/** Those that take jobs, now or in a moment. */
function taking<W extends ServingWorker> (workers: readonly W[], queue: QueueName): W[] {
  return workers.filter(({ state, queues }) => (state === 'ready' || state === 'starting') && queues.includes(queue))
}

export function queueStates (counts: Readonly<Record<QueueName, QueueCounts>>, waits: ReadonlyMap<string, number>, workers: readonly Worker[]): QueueState[] {
  return QUEUE_NAMES.map((name) => {
    const { waiting, active, delayed } = counts[name]
    const serving = taking(workers, name)
    return {
      name,
      description: QUEUES[name],
      waiting,
      active,
      delayed,
      jobs: waiting + active + delayed,
      oldestWaitSeconds: waits.get(name) ?? 0,
      workers: serving.length,
      slots: serving.reduce((sum, { concurrency }) => sum + concurrency, 0),
    }
  })
}

/** Why none of these workers can take the job; undefined when one can. */
export function waitingFor ({ queue, needs: { memoryMb = 0 } }: Pick<JobRow, 'queue' | 'needs'>, workers: readonly ServingWorker[]): string | undefined {
  const serving = taking(workers, queue)
  if (serving.length === 0) return `no worker of the queue ${queue} is running`
  const most = Math.floor(Math.max(...serving.map(({ memoryBytes }) => memoryBytes)) / 2 ** 20)
  return most < memoryMb ? `no running worker of the queue ${queue} gives a job ${memoryMb} MB of memory; the most is ${most} MB` : undefined
}
