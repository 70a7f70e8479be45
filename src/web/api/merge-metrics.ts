/** Figures that were asked for once, and those that the stream tells of, as one. */
import type { Metrics, Point } from './types.ts'

/** A message of the stream: what was told of steps behind `after` is void. */
export interface ToldMetrics { readonly after: number, readonly series: Readonly<Record<string, readonly Point[]>>, readonly thinned: boolean }

export function mergeMetrics (known: Metrics | undefined, job: string, { after, series, thinned }: ToldMetrics): Metrics {
  const before = known?.series ?? {}
  const newest = Math.max(-1, ...Object.values(series).map(lastStep))
  const knownStep = known?.lastStep ?? -1
  // A stream that begins anew tells all but the newest step, and of long series not every point: what is known of them is more.
  const tellsLess = thinned && after < 0 && newest >= stepBefore(before, knownStep)
  const cut = !tellsLess ? after : newest < knownStep ? knownStep : knownStep - 1
  const names = [...new Set([...Object.keys(before), ...Object.keys(series)])]
  const merged = Object.fromEntries(names.map((name) => [name, joined(before[name] ?? [], series[name] ?? [], cut)]))
  const last = Math.max(-1, ...Object.values(merged).map(lastStep))
  return { job, lastStep: last < 0 ? null : last, next: last - 1, thinned: thinned || known?.thinned === true, series: merged }
}

function joined (known: readonly Point[], told: readonly Point[], cut: number): readonly Point[] {
  const kept = lastStep(known) <= cut ? known : known.filter(([step]) => step <= cut)
  const added = told.length === 0 || told[0]![0] > cut ? told : told.filter(([step]) => step > cut)
  return added.length === 0 ? kept : kept.length === 0 ? added : [...kept, ...added]
}

/** The largest step of all series that is smaller; -1 without one. */
function stepBefore (series: Metrics['series'], step: number): number {
  return Math.max(-1, ...Object.values(series).map((points) => lastStep(points) < step ? lastStep(points) : points.at(-2)?.[0] ?? -1))
}

function lastStep (points: readonly Point[]): number {
  return points.at(-1)?.[0] ?? -1
}
