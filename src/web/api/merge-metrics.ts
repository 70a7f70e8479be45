/** Figures that were asked for once, and those that the stream tells of, as one. */
import type { Metrics, Point } from './types.ts'

/** A message of the stream: what was told of steps behind `after` is void. */
export interface ToldMetrics { readonly after: number, readonly series: Readonly<Record<string, readonly Point[]>>, readonly thinned: boolean }

export function mergeMetrics (known: Metrics | undefined, job: string, { after, series, thinned }: ToldMetrics): Metrics {
  const before = known?.series ?? {}
  const newest = Math.max(-1, ...Object.values(series).map(lastStep))
  const knownStep = known?.lastStep ?? -1
  // A stream that begins anew tells all, but of long series not every point: what is known of them is more.
  const cut = thinned && after < 0 && newest >= knownStep ? knownStep - 1 : after
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

function lastStep (points: readonly Point[]): number {
  return points.at(-1)?.[0] ?? -1
}
