/** Which channels go: the least of all, or of each group, so that every group keeps a least number and a round one. */
import { EspalierError } from '../../errors.ts'
import type { Channel, ChannelGroup } from './groups.ts'

export interface RankedGroup {
  readonly group: ChannelGroup
  /** Of its channels; the higher, the more they matter. */
  readonly scores: readonly number[]
  /** Its own share of channels that go; absent: it competes. */
  readonly share?: number
}

export interface ChoiceOptions {
  /** All channels compete, or those of each group among themselves for the same share. */
  readonly scope: 'global' | 'layer'
  /** At least so many channels stay in every group. */
  readonly minChannels: number
  /** The places that stay along the axis of a group are a multiple of this, where it has as many. */
  readonly roundTo: number
  /** Roots along axes of values, each of which keeps at least one: a part of a group may be all that a layer is given. */
  readonly axes?: ReadonlyArray<readonly number[]>
}

export interface Choice {
  /** Channels that may go at all, of groups without a share of their own. */
  readonly competing: number
  /** Roots of those that go when `count` of the competing ones are asked to; groups of their own share go with it. */
  goneAt (count: number): Set<number>
}

/** Throws `invalid-model` for scores that are NaN or infinite. */
export function rankChannels (groups: readonly RankedGroup[], options: ChoiceOptions): Choice {
  for (const { group, scores } of groups) {
    if (!scores.every(Number.isFinite)) throw new EspalierError('invalid-model', `the channels of ${group.name} have scores that are no numbers: a weight, or what was observed, is NaN or infinite`)
  }
  const free = groups.filter(({ share }) => share === undefined)
  const competing = free.reduce((sum, { scores }) => sum + scores.length, 0)
  const scoreOf = new Map(groups.flatMap(({ group, scores }) => group.channels.map(({ root }, index) => [root, scores[index]!] as const)))
  // Channels of each group, the least first; equal ones in their order.
  const orders = new Map(groups.map((one) => [one, [...one.scores.keys()].sort((a, b) => one.scores[a]! - one.scores[b]!).map((index) => one.group.channels[index]!)]))
  const all = free.flatMap((one) => orders.get(one)!.map(({ root }) => ({ one, score: scoreOf.get(root)! }))).sort((a, b) => a.score - b.score)
  const asked = (count: number): Map<RankedGroup, number> => {
    const counts = new Map(groups.map((one) => [one, one.share === undefined ? 0 : Math.floor(one.share * one.scores.length + 0.5)]))
    if (options.scope === 'global') for (const { one } of all.slice(0, count)) counts.set(one, counts.get(one)! + 1)
    else for (const one of free) counts.set(one, Math.floor(count / Math.max(competing, 1) * one.scores.length + 0.5))
    return counts
  }
  return {
    competing,
    goneAt (count) {
      const counts = asked(count)
      const stay = new Set<number>()
      for (;;) {
        const gone = new Set([...counts].flatMap(([one, own]) => leastOf(one.group, orders.get(one)!.filter(({ root }) => !stay.has(root)), own, options).map(({ root }) => root)))
        const empty = (options.axes ?? []).filter((axis) => axis.every((root) => gone.has(root)))
        if (empty.length === 0) return gone
        for (const axis of empty) stay.add(axis.reduce((best, root) => scoreOf.get(root)! > scoreOf.get(best)! ? root : best))
      }
    },
  }
}

/** Of channels that may go, the least first: as many of `count` as leave the group its least number and a round one. */
function leastOf ({ channels, size }: ChannelGroup, order: readonly Channel[], count: number, { minChannels, roundTo }: ChoiceOptions): readonly Channel[] {
  const going = Math.max(0, Math.min(count, order.length, channels.length - minChannels))
  let left = order.slice(0, going).reduce((places, channel) => places - channel.places, size)
  // Fewer go until what stays is round.
  for (let fewer = going; fewer > 0; left += order[--fewer]!.places) if (left % roundTo === 0) return order.slice(0, fewer)
  return []
}
