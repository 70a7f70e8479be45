/** Units of several weights: what they score, and what goes when they do. */
import type { Criterion } from './criteria/index.ts'
import type { Grouping } from './granularity/index.ts'
import { assertFinite, findCut } from './select.ts'

/** The units of one tensor, scored. */
export interface ScoredUnits {
  /** Of each unit, over the elements that would go with it. */
  readonly scores: Float32Array
  /** How many elements become zero with each unit. */
  readonly removed: Int32Array
  /** Sets to +0 what goes with the units of which `gone` is 1. */
  remove (values: Float32Array, gone: Uint8Array): void
}

/** `scores`: of the elements, row-major; their signs mean nothing. Without a grouping every element is a unit. Sums are taken in double precision. */
export function scoreUnits (scores: Float32Array, grouping: Grouping | null, how: NonNullable<Criterion['units']> = 'mean'): ScoredUnits {
  if (grouping === null) return singles(scores)
  const { groups, of, sizes, removes } = grouping
  const removed = removes === undefined ? sizes : new Int32Array(groups).fill(removes)
  const goes = removes === undefined ? null : leastOfEach(scores, of, groups, removes)
  const sums = new Float64Array(groups)
  for (let index = 0; index < of.length; index++) {
    if (goes?.[index] === 0) continue
    const score = scores[index]!
    sums[of[index]!]! += how === 'rms' ? score * score : Math.abs(score)
  }
  return {
    scores: Float32Array.from(sums, (sum, group) => how === 'rms' ? Math.sqrt(sum / removed[group]!) : sum / removed[group]!),
    removed,
    remove (values, gone) {
      for (let index = 0; index < values.length; index++) if (gone[of[index]!] === 1 && goes?.[index] !== 0) values[index] = 0
    },
  }
}

function singles (scores: Float32Array): ScoredUnits {
  return {
    scores: scores.map(Math.abs),
    removed: new Int32Array(scores.length).fill(1),
    remove (values, gone) { for (let index = 0; index < values.length; index++) if (gone[index] === 1) values[index] = 0 },
  }
}

/** 1 for the `count` least elements of each group, of equal ones the first. All groups are of one size. */
function leastOfEach (scores: Float32Array, of: Int32Array, groups: number, count: number): Uint8Array {
  const members = membersOf(of, groups)
  const goes = new Uint8Array(of.length)
  const width = of.length / groups
  for (let start = 0; start < members.length; start += width) {
    for (let taken = 0; taken < count; taken++) {
      let least = -1
      for (let at = start; at < start + width; at++) {
        const index = members[at]!
        if (goes[index] === 0 && (least < 0 || Math.abs(scores[index]!) < Math.abs(scores[least]!))) least = index
      }
      goes[least] = 1
    }
  }
  return goes
}

/** Elements unit by unit, all units being of one size. */
function membersOf (of: Int32Array, groups: number): Int32Array {
  const width = of.length / groups
  const filled = new Int32Array(groups)
  const members = new Int32Array(of.length)
  for (let index = 0; index < of.length; index++) {
    const group = of[index]!
    members[group * width + filled[group]!++] = index
  }
  return members
}

/** For each tensor, 1 for the units that go. */
export interface GoneUnits { readonly gone: readonly Uint8Array[], readonly zeros: number }

/** The units with the least scores go until `zeros` elements are zero, or as near to it as whole units come. Of equal ones the first go. */
export function goneUnits (tensors: ReadonlyArray<Pick<ScoredUnits, 'scores' | 'removed'> & { readonly name: string }>, zeros: number): GoneUnits {
  const size = tensors[0]?.removed[0] ?? 1
  return tensors.every(({ removed }) => removed.every((one) => one === size)) ? ofOneSize(tensors, size, zeros) : ofManySizes(tensors, zeros)
}

function ofOneSize (tensors: Parameters<typeof goneUnits>[0], size: number, zeros: number): GoneUnits {
  const count = Math.floor((zeros + size / 2) / size)
  const cut = findCut(tensors, count)
  let ties = cut?.ties ?? 0
  const gone = tensors.map(({ scores }) => Uint8Array.from(scores, (score) => {
    if (cut === null || score > cut.magnitude) return 0
    return score < cut.magnitude || ties-- > 0 ? 1 : 0
  }))
  return { gone, zeros: count * size }
}

function ofManySizes (tensors: Parameters<typeof goneUnits>[0], zeros: number): GoneUnits {
  for (const { name, scores } of tensors) assertFinite(name, scores)
  const gone = tensors.map(({ scores }) => new Uint8Array(scores.length))
  const all = tensors.flatMap(({ scores, removed }, tensor) => Array.from(scores, (score, unit) => ({ score, size: removed[unit]!, tensor, unit })))
  // A stable sort: equal ones stay in their order.
  all.sort((a, b) => a.score - b.score)
  let sum = 0
  for (const { size, tensor, unit } of all) {
    // It goes when the zeros with it are nearer to what is asked than without it.
    if (sum + size / 2 > zeros) break
    gone[tensor]![unit] = 1
    sum += size
  }
  return { gone, zeros: sum }
}
