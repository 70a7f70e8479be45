/** Labels of axes along joins, reshapes and other moves: which channel stands where afterwards. */
import type { SymbolicShape } from '../../models/tensor.ts'
import type { AxisLabels, ChannelSets, Labels, ValueLabels } from './channels.ts'

const MIXED = 'its channels are joined with values that stay as they are'
const BROADCAST = 'it is spread over the channels of another value'

/** Place by place of two axes of one size. */
export function joinAxes (sets: ChannelSets, a: AxisLabels, b: AxisLabels): AxisLabels {
  if (a === null || b === null || a.length !== b.length) {
    sets.freeze(a, MIXED)
    sets.freeze(b, MIXED)
    return a ?? b
  }
  for (let index = 0; index < a.length; index++) sets.join(a[index]!, b[index]!)
  return a
}

/** All places become one channel. */
export function joinAll (sets: ChannelSets, labels: Iterable<number>): void {
  let first: number | undefined
  for (const label of labels) {
    if (first === undefined) first = label
    else sets.join(first, label)
  }
}

/** Place i becomes the places i * times, ..., i * times + times - 1. */
export function repeatEach (labels: AxisLabels, times: number): AxisLabels {
  return labels && Int32Array.from({ length: labels.length * times }, (_, index) => labels[Math.floor(index / times)]!)
}

/** The whole axis so many times, one behind the other. */
export function tileLabels (labels: AxisLabels, times: number): AxisLabels {
  return labels && Int32Array.from({ length: labels.length * times }, (_, index) => labels[index % labels.length]!)
}

export interface Operand { readonly labels: ValueLabels, readonly shape: SymbolicShape }

/** Element by element, aligned at the last axis: what meets goes together, what is spread over channels stays. */
export function joinBroadcast (sets: ChannelSets, operands: readonly Operand[], shape: SymbolicShape): ValueLabels {
  return shape.map((size, axis): AxisLabels => {
    let joined: AxisLabels | undefined
    for (const { labels, shape: own } of operands) {
      const at = axis - (shape.length - own.length)
      if (at < 0) continue
      if (own[at] === 1 && size !== 1) {
        sets.freeze(labels[at]!, BROADCAST)
        continue
      }
      joined = joined === undefined ? labels[at]! : joined === null && labels[at] === null ? null : joinAxes(sets, joined, labels[at]!)
    }
    return joined ?? null
  })
}

/** One behind the other along `axis`, joined along the others. Parts without labels stay. */
export function concatLabels (sets: ChannelSets, parts: readonly Operand[], axis: number, frozen: (count: number) => Labels): ValueLabels {
  const [first, ...others] = parts
  return first!.labels.map((labels, at): AxisLabels => {
    if (at !== axis) return others.reduce<AxisLabels>((joined, other) => joined === null && other.labels[at] === null ? null : joinAxes(sets, joined, other.labels[at]!), labels)
    if (parts.every((part) => part.labels[at] === null)) return null
    return Int32Array.from(parts.flatMap((part) => [...part.labels[at] ?? frozen(part.shape[at] ?? 0)]))
  })
}

const SPLIT = 'its channels are parted in another way by a change of form'

/**
 * Labels after values were given another form, row-major. Where an axis of channels becomes part of several axes, channels are told apart along the
 * one axis that tells them apart, else along the last, and what then stands at one place goes together.
 */
export function reshapeLabels (sets: ChannelSets, { labels, shape }: Operand, to: SymbolicShape): ValueLabels {
  const result = new Array<AxisLabels>(to.length).fill(null)
  let [from, into] = [shape.length, to.length]
  // From the last axis on, in runs of axes that hold the same values before and after.
  while (from > 0 || into > 0) {
    const [fromEnd, intoEnd] = [from, into]
    let [have, want]: [number | null, number | null] = [1, 1]
    for (;;) {
      if (from > 0 && (from === fromEnd || (have !== null && want !== null && have < want))) have = product(have, shape[--from]!)
      else if (into > 0 && (into === intoEnd || (have !== null && want !== null && have > want))) want = product(want, to[--into]!)
      else break
    }
    // An axis of unknown size may meet another one, alone.
    if (have !== want || (have === null && (fromEnd - from !== 1 || intoEnd - into !== 1))) {
      for (let axis = 0; axis < fromEnd; axis++) sets.freeze(labels[axis]!, SPLIT)
      return result
    }
    if (have === null) result[into] = labels[from]!
    else for (const [index, axis] of placeLabels(sets, { labels: labels.slice(from, fromEnd), shape: shape.slice(from, fromEnd) }, to.slice(into, intoEnd) as number[]).entries()) result[into + index] = axis
  }
  return result
}

function product (a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a * b
}

/** Within axes that hold the same values before and after. */
function placeLabels (sets: ChannelSets, { labels, shape }: Operand, to: readonly number[]): AxisLabels[] {
  const none = to.map((): AxisLabels => null)
  const labelled = labels.findIndex((axis) => axis !== null)
  if (labelled < 0) return none
  for (const other of labels.slice(labelled + 1)) {
    if (other === null) continue
    sets.freeze(other, SPLIT)
    sets.freeze(labels[labelled]!, SPLIT)
  }
  const axis = labels[labelled]!
  if (to.length === 0) sets.freeze(axis, SPLIT)
  if (to.length === 0) return []
  if (to.length === 1 && shape.length === 1) return [axis]
  const inner = (shape.slice(labelled + 1) as number[]).reduce((all, size) => all * size, 1)
  const total = to.reduce((all, size) => all * size, 1)
  const flat = Int32Array.from({ length: total }, (_, index) => axis[Math.floor(index / inner) % axis.length]!)
  const candidates = [...to.keys()].filter((at) => to[at]! > 1).reverse()
  const at = candidates.find((candidate) => isTold(sets, flat, to, candidate)) ?? candidates[0] ?? to.length - 1
  const found = new Int32Array(to[at]!).fill(-1)
  const step = stepOf(to, at)
  for (const [index, label] of flat.entries()) {
    const place = Math.floor(index / step) % to[at]!
    if (found[place]! < 0) found[place] = label
    else sets.join(found[place]!, label)
  }
  return none.map((_, other) => other === at ? found : null)
}

/** Does the place along one axis tell the channel? */
function isTold (sets: ChannelSets, flat: Labels, to: readonly number[], axis: number): boolean {
  const step = stepOf(to, axis)
  const found = new Map<number, number>()
  for (const [index, label] of flat.entries()) {
    const place = Math.floor(index / step) % to[axis]!
    const root = sets.rootOf(label)
    if ((found.get(place) ?? root) !== root) return false
    found.set(place, root)
  }
  return true
}

function stepOf (shape: readonly number[], axis: number): number {
  return shape.slice(axis + 1).reduce((all, size) => all * size, 1)
}
