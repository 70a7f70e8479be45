/** BullMQ's worker of one queue, which takes an entry when it is told to: of its own accord each would take as many as all together may. */
import { DelayedError, WaitingError, Worker, type Job, type WorkerOptions } from 'bullmq'
import type { QueueEntry, WorkEntry } from '../../jobs/ports.ts'
import type { Source, Taken } from './pump.ts'

/** An entry that this worker cannot take waits about so long before it is given to whoever asks first. By chance, as the same worker might always be the first else. */
const ELSEWHERE_MS = 2000

export class QueueHand extends Worker<QueueEntry> implements Source {
  #taken = 0

  constructor (name: string, work: WorkEntry, options: WorkerOptions) {
    super(name, async (job, token) => { await finish(job, token, await work({ jobId: job.data.jobId, attempt: job.data.attempt })) }, { ...options, autorun: false })
  }

  /** Renews the locks of what is worked on from now on, and gives again what dead workers left. */
  async watch (): Promise<void> {
    this.lockManager.start()
    await this.startStalledCheckTimer()
  }

  async take (): Promise<Taken | undefined> {
    const token = `${this.id}:${this.#taken++}`
    const job = await this.getNextJob(token, { block: false })
    if (job === undefined) return undefined
    return {
      run: async () => await this.processJob(job, token, () => false),
      giveBack: async () => await job.moveToWait(token),
    }
  }
}

/** BullMQ is told by an error that the entry has been moved already. */
async function finish (job: Job<QueueEntry>, token: string | undefined, outcome: Awaited<ReturnType<WorkEntry>>): Promise<void> {
  if (outcome === 'again') {
    await job.moveToWait(token)
    throw new WaitingError()
  }
  if (outcome === 'elsewhere') {
    await job.moveToDelayed(Date.now() + Math.round(ELSEWHERE_MS * (0.5 + Math.random())), token)
    throw new DelayedError()
  }
}
