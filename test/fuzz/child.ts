/** The process that mutates and reads, for one parser. What it is about to read lies in a file, so that its parent has it when this process is gone. */
import { openSync, readFileSync, writeFileSync, ftruncateSync, writeSync } from 'node:fs'
import { mutate } from './mutate.ts'
import { peakBytes } from './process-facts.ts'
import { Random } from './random.ts'
import { TARGETS, type Target, type TargetName } from './targets.ts'
import { tryInput } from './trial.ts'

/** Told to the child as JSON in its first argument. */
export type Order =
  | { readonly target: TargetName, readonly current: string, readonly seconds: number, readonly seed: number }
  | { readonly target: TargetName, readonly current: string, readonly replay: string }

/** Told to the parent. */
export interface Told {
  readonly executions: number
  readonly outcomes: Readonly<Record<string, number>>
  /** Different ways to end, which new inputs were kept for. */
  readonly ways: number
  readonly text?: string
  /** Memory at its most. */
  readonly bytes: number
}

/** Inputs kept besides the good ones, as they ended in a new way. */
const MAX_KEPT = 2000

const order = JSON.parse(process.argv[2]!) as Order
const target: Target = TARGETS[order.target]
const current = openSync(order.current, 'w')

function begin (bytes: Uint8Array): void {
  ftruncateSync(current)
  writeSync(current, bytes, 0, bytes.length, 0)
}

/** Texts with numbers and names left out: each says of a check that was reached. */
function wayOf (text: string): string {
  return text.replace(/"[^"]*"|'[^']*'|\[[^\]]*\]|\([^)]*\)/g, '').replace(/[^\s,:;]*[\d/_.][^\s,:;]*/g, '').replace(/[^ -~]/g, '').slice(0, 120)
}

const tell = (told: Omit<Told, 'bytes'>): void => { process.send!({ ...told, bytes: peakBytes('self') }) }

async function fuzz (seconds: number, seed: number): Promise<void> {
  const random = new Random(seed)
  const pool = await target.seeds()
  const outcomes: Record<string, number> = {}
  const ways = new Set<string>()
  const end = performance.now() + seconds * 1000
  const good = pool.length
  let executions = 0
  for (const bytes of pool.slice(0, good)) ways.add(wayOf((await tryInput(target, bytes, begin)).text))
  while (performance.now() < end) {
    // Half of the time a good file, else one that ended in a new way.
    const from = random.chance(0.5) ? random.below(good) : random.below(pool.length)
    const trial = await tryInput(target, mutate(pool[from]!, random, { other: random.pick(pool), words: target.words }), begin)
    executions++
    outcomes[trial.outcome] = (outcomes[trial.outcome] ?? 0) + 1
    const way = wayOf(trial.text)
    if (!ways.has(way)) {
      ways.add(way)
      if (pool.length < MAX_KEPT) pool.push(trial.bytes)
    }
    if (executions % 50 === 0) tell({ executions, outcomes, ways: ways.size })
  }
  tell({ executions, outcomes, ways: ways.size })
}

async function replay (file: string): Promise<void> {
  const { outcome, text } = await tryInput(target, new Uint8Array(readFileSync(file)), begin)
  tell({ executions: 1, outcomes: { [outcome]: 1 }, ways: 1, text })
}

process.on('unhandledRejection', (reason) => { throw reason })

try {
  await ('replay' in order ? replay(order.replay) : fuzz(order.seconds, order.seed))
  process.disconnect()
} catch (error) {
  writeFileSync(`${order.current}.error`, error instanceof Error ? error.stack ?? error.message : String(error))
  process.exit(1)
}
