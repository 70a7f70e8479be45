/** Which channels go: the least of all, or of each group, so that every group keeps a least number and a round one. */
import { EspalierError } from '../../errors.ts'
import type { ChannelGroup } from './groups.ts'

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
  const pinned = groups.filter(({ share }) => share !== undefined)
  const competing = free.reduce((sum, { scores }) => sum + scores.length, 0)
  const scores = new Map(groups.flatMap(({ group, scores: own }) => group.channels.map(({ root }, index) => [root, own[index]!] as const)))
  // Places in each group, the least first; equal ones in their order.
  const orders = new Map(groups.map((one) => [one, [...one.scores.keys()].sort((a, b) => one.scores[a]! - one.scores[b]!)]))
  const all = free.flatMap((one) => orders.get(one)!.map((channel) => ({ one, score: one.scores[channel]! }))).sort((a, b) => a.score - b.score)
  const take = (gone: Set<number>, one: RankedGroup, count: number): void => {
    for (const channel of orders.get(one)!.slice(0, allowed(one, count, options))) gone.add(one.group.channels[channel]!.root)
  }
  return {
    competing,
    goneAt (count) {
      const gone = new Set<number>()
      for (const one of pinned) take(gone, one, Math.floor(one.share! * one.scores.length + 0.5))
      const counts = new Map<RankedGroup, number>()
      if (options.scope === 'global') for (const { one } of all.slice(0, count)) counts.set(one, (counts.get(one) ?? 0) + 1)
      else for (const one of free) counts.set(one, Math.floor(count / competing * one.scores.length + 0.5))
      for (const [one, own] of counts) take(gone, one, own)
      for (const axis of options.axes ?? []) if (axis.every((root) => gone.has(root))) gone.delete(axis.reduce((best, root) => scores.get(root)! > scores.get(best)! ? root : best))
      return gone
    },
  }
}

/** So many of the group's channels may go, of `count` that are asked to. */
function allowed ({ group: { channels, size } }: RankedGroup, count: number, { minChannels, roundTo }: ChoiceOptions): number {
  const total = channels.length
  const going = Math.max(0, Math.min(count, total - minChannels))
  if (roundTo === 1 || going === 0) return going
  const places = channels[0]!.places
  const fixed = size - channels.reduce((sum, channel) => sum + channel.places, 0)
  // Fewer go until what stays is round.
  for (let fewer = going; fewer > 0; fewer--) if ((fixed + (total - fewer) * places) % roundTo === 0) return fewer
  return 0
}
