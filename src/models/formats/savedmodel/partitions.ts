/** Partitioned variables: one name, whose values are stored in parts under keys of their own. */
import type { BundleEntry } from './bundle.ts'
import { malformed } from './fail.ts'
import { sliceKey } from './ordered-code.ts'
import { shown } from './table.ts'

/** The parts of each partitioned variable by its key, in the order in which the variable lists them. */
export type Partitions = ReadonlyMap<string, readonly BundleEntry[]>

/** Throws `invalid-model` when a part is missing, is of another type, or belongs to two variables. */
export function readPartitions (entries: readonly BundleEntry[]): Partitions {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  const taken = new Set<BundleEntry>()
  const result = new Map<string, BundleEntry[]>()
  for (const { key, slices, dtype } of entries) {
    if (slices.length === 0) continue
    result.set(key, slices.map((slice, index) => {
      const part = byKey.get(sliceKey(key, slice))
      if (part === undefined || part.slices.length > 0 || part.dtype !== dtype || taken.has(part)) {
        throw malformed(`part ${index} of the partitioned variable "${shown(key)}" is ${part === undefined ? 'missing' : 'another variable'}`, { key: shown(key) })
      }
      taken.add(part)
      return part
    }))
  }
  return result
}

/**
 * The parts in the order of their rows, when a variable is cut along its first axis alone, so that one behind the other they are its values;
 * undefined when it is cut in another way. Throws `invalid-model` when parts overlap or leave a gap.
 */
export function partsByRows ({ key, shape, slices }: BundleEntry, parts: readonly BundleEntry[]): BundleEntry[] | undefined {
  if (shape.length === 0 || !slices.every((slice) => slice.slice(1).every(({ start, length }, axis) => start === 0 && (length ?? shape[axis + 1]) === shape[axis + 1]))) return undefined
  const sorted = slices.map((slice, index) => ({ start: slice[0]?.start ?? 0, part: parts[index]! })).sort((a, b) => a.start - b.start)
  let row = 0
  for (const { start, part } of sorted) {
    const [rows = 0, ...others] = part.shape
    if (start !== row || String(others) !== String(shape.slice(1))) throw malformed(`the parts of the partitioned variable "${shown(key)}" do not fit together at row ${row}`, { key: shown(key) })
    row += rows
  }
  if (row !== shape[0]) throw malformed(`the parts of the partitioned variable "${shown(key)}" have ${row} rows, it has ${shape[0]}`, { key: shown(key) })
  return sorted.map(({ part }) => part)
}
