/** The least number of weights or channels whose going brings a size down to what is asked, with everything that was tried on record. */
import { EspalierError } from '../errors.ts'
import type { SearchRecord } from './receipt.ts'
import { leastZeros, type Tried } from './search-curve.ts'

/** What is brought down. */
export interface SizeMeasure {
  readonly metric: string
  readonly allowed: number
  /** Of the given model. */
  readonly before: number
  /** Counting costs next to nothing; writing a file or measuring time does. */
  readonly attempts: number
  /** A value of at least this, below what is allowed, is near enough. */
  readonly nearEnough: number
}

export interface LeastRequest {
  readonly measure: SizeMeasure
  /** How many compete, and how many of them may go. */
  readonly competing: number
  readonly most: number
  readonly signal: AbortSignal
  of (count: number): Promise<number>
  /** What stands behind the figures when even the most is not enough. */
  readonly advice: string
}

/** Counting that costs next to nothing: more halvings than a number of weights has, down to the very one. */
export const COUNTED = { attempts: 64, nearEnough: Infinity } as const

/** Of what is allowed in bytes, so much is near enough: each further try writes the whole file. */
const NEAR_BYTES = 0.005

export function nearBytes (allowed: number): number {
  return (1 - NEAR_BYTES) * allowed
}

/** Throws `nothing-pruned` when it is down already, and `target-missed` when the most does not bring it down. */
export async function searchLeast ({ measure: { metric, allowed, before, attempts, nearEnough }, competing, most, signal, of, advice }: LeastRequest): Promise<{ count: number, search: SearchRecord }> {
  if (before <= allowed) throw new EspalierError('nothing-pruned', `the model has ${before} ${metric} already, ${allowed} are allowed: ask for less`, { before, allowed })
  const tried: Tried[] = []
  const at = async (zeros: number): Promise<Tried> => {
    signal.throwIfAborted()
    const one = { zeros, value: await of(zeros) }
    tried.push(one)
    return one
  }
  const least = await at(most)
  if (least.value > allowed) {
    throw new EspalierError('target-missed', `at most ${allowed} ${metric} are asked for, but ${least.value} of ${before} stay when ${advice}`, { allowed, reached: least.value })
  }
  const { zeros: count } = await leastZeros({ above: { zeros: 0, value: before }, below: least, allowed, nearEnough, attempts: attempts - 1 }, at)
  const curve = tried.map(({ zeros, value }) => ({ sparsity: zeros / competing, value, held: value <= allowed })).sort((a, b) => a.sparsity - b.sparsity)
  return { count, search: { metric, goal: 'least', examples: null, baseline: before, allowed, curve, chosen: count / competing } }
}
