/** Runs attempts in engine processes that were started ahead, and replaces processes that died, grew or served long enough. */
import type { Runner, RunRequest } from '../jobs/ports.ts'
import { spawnEngine, type EngineChild, type EngineChildOptions } from './engine-child.ts'

export type EngineEnd = 'crashed' | 'killed' | 'recycled' | 'closed'

export interface EngineRunnerOptions extends EngineChildOptions {
  /** Processes that wait for work. */
  readonly slots: number
  /** A process is replaced after so many jobs, or when it holds more than `recycleBytes` between two. */
  readonly recycleAfterJobs?: number
  readonly recycleBytes?: number
  readonly spawn?: (options: EngineChildOptions) => EngineChild
  readonly onStart?: () => void
  readonly onEnd?: (how: EngineEnd) => void
}

export interface EngineRunner extends Runner {
  /** Resolves when the first process can take work. */
  /** Resident bytes of each process that is alive. */
  memory (): Promise<number[]>
  readonly ready: Promise<Readonly<Record<string, unknown>>>
  /** Kills all processes. */
  close (): Promise<void>
}

const RECYCLE_AFTER_JOBS = 50
const RECYCLE_BYTES = 2 * 2 ** 30

export function createEngineRunner (options: EngineRunnerOptions): EngineRunner {
  const { recycleAfterJobs = RECYCLE_AFTER_JOBS, recycleBytes = RECYCLE_BYTES, spawn = spawnEngine } = options
  const all = new Set<EngineChild>()
  const ending = new WeakSet<EngineChild>()
  const idle: EngineChild[] = []
  let closing = false

  function start (): EngineChild {
    const child = spawn(options)
    all.add(child)
    options.onStart?.()
    return child
  }

  async function end (child: EngineChild): Promise<void> {
    if (!ending.has(child)) options.onEnd?.(closing ? 'closed' : child.alive ? 'recycled' : child.killed ? 'killed' : 'crashed')
    ending.add(child)
    await child.kill()
    all.delete(child)
  }

  async function take ({ limits }: RunRequest): Promise<EngineChild> {
    if (limits?.memoryMb !== undefined) return await takeFresh()
    let child = idle.pop()
    while (child !== undefined && !child.alive) {
      void end(child)
      child = idle.pop()
    }
    return child ?? start()
  }

  /** What a process kept of former jobs is not to count against the limit of one. */
  async function takeFresh (): Promise<EngineChild> {
    const at = idle.findIndex(({ alive, jobs }) => alive && jobs === 0)
    if (at !== -1) return idle.splice(at, 1)[0]!
    const used = idle.pop()
    if (used !== undefined) await end(used)
    return start()
  }

  /** It is ready for the next job at once; its size is looked at while nobody waits for that. */
  async function giveBack (child: EngineChild): Promise<void> {
    if (child.alive && child.jobs < recycleAfterJobs) {
      idle.push(child)
      const bytes = await child.residentBytes()
      const at = idle.indexOf(child)
      if (bytes === null || bytes <= recycleBytes || at === -1) return
      idle.splice(at, 1)
    }
    await replace(child)
  }

  async function replace (child: EngineChild): Promise<void> {
    // One that could not load TensorFlow is not replaced ahead: the next job tries again and reports it.
    const { loaded } = child
    // Its memory is free before another one takes some.
    await end(child)
    if (loaded && !closing && all.size < options.slots) idle.push(start())
  }

  for (let slot = 0; slot < options.slots; slot++) idle.push(start())

  const ready = Promise.any(idle.map(async (child) => await child.ready)).catch((error: AggregateError) => { throw error.errors[0] })
  ready.catch(() => {})

  return {
    ready,
    async run (request, hooks) {
      const child = await take(request)
      try {
        return await child.run(request, hooks)
      } finally {
        void giveBack(child)
      }
    },
    async memory () {
      const bytes = await Promise.all([...all].filter((child) => child.alive).map(async (child) => await child.residentBytes()))
      return bytes.filter((held) => held !== null)
    },
    async close () {
      closing = true
      await Promise.all([...all].map(end))
    },
  }
}
