/** Tensors that share bytes of a data file: what is changed in one would change the other. */
import type { ExternalRange } from './external.ts'
import type { Initializers } from './graph-weights.ts'

/** Names of the initializers whose bytes are those of another one too. */
export function overlappingTensors (initializers: Initializers): ReadonlySet<string> {
  const bySource = new Map<ExternalRange['source'], Array<{ name: string, start: number, end: number }>>()
  for (const { name, external } of initializers.values()) {
    if (external === undefined || external.length === 0) continue
    const { source, start, length } = external
    const ranges = bySource.get(source) ?? []
    ranges.push({ name, start, end: start + length })
    bySource.set(source, ranges)
  }
  const found = new Set<string>()
  for (const ranges of bySource.values()) {
    let furthest: typeof ranges[number] | undefined
    for (const range of ranges.sort((a, b) => a.start - b.start)) {
      if (furthest !== undefined && range.start < furthest.end) found.add(range.name).add(furthest.name)
      if (furthest === undefined || range.end > furthest.end) furthest = range
    }
  }
  return found
}
