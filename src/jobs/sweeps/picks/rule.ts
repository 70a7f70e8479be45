/** What a rule for picking the best point of a sweep is. */
import type { TSchema } from 'typebox'
import type { Candidate, MainMetric } from '../candidates.ts'

/** The point that was picked and why, or null and why none was. */
export interface Picked { readonly job: string | null, readonly because: string }

export interface PickRule<Options> {
  readonly description: string
  /** Of the whole rule as it is written, its own name among the keys. */
  readonly schema: TSchema
  /** What a valid rule lacks all the same; undefined when nothing. */
  problem? (options: Options): string | undefined
  /** `candidates` are the points that have succeeded; there is one at least. */
  pick (options: Options, candidates: readonly Candidate[], metric: MainMetric | null): Picked
}

/** A figure in a sentence: six digits at most. */
export function shown (value: number): string {
  return String(Number(value.toPrecision(6)))
}

/** Of the candidates the first with the least `by`, a list of numbers that are compared one after the other. */
export function least (candidates: readonly Candidate[], by: (candidate: Candidate) => readonly number[]): Candidate {
  return candidates.reduce((best, candidate) => {
    const [a, b] = [by(candidate), by(best)]
    const at = a.findIndex((value, index) => value !== b[index])
    return at !== -1 && a[at]! < b[at]! ? candidate : best
  })
}

/** The metric as a number of which less is better. */
export function badness (candidate: Candidate, metric: MainMetric | null): number {
  if (metric === null || candidate.metric === null) return Infinity
  return metric.better === 'higher' ? -candidate.metric : candidate.metric
}
