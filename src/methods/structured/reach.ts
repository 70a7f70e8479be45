/** From a target to the channels that go. */
import { EspalierError } from '../../errors.ts'
import type { Choice } from '../../pruning/structure/choose.ts'
import type { StaticContext } from '../method.ts'
import type { SearchRecord } from '../receipt.ts'
import { searchLeast } from '../search-least.ts'
import { keepAccuracy } from './accuracy.ts'
import type { CoupledModel } from './channels.ts'
import { channelMeasure, type MeasuredTarget } from './measures.ts'

export interface Reached { readonly gone: ReadonlySet<number>, readonly search?: SearchRecord }

/** Throws `invalid-recipe` where no channel competes, `nothing-pruned` where nothing has to go or none is asked to, and `target-missed` saying how far it came. */
export async function reachTarget (context: StaticContext, coupled: CoupledModel, choice: Choice): Promise<Reached> {
  const { recipe: { method, target } } = context
  if (target === null || 'threshold' in target || 'sparsity' in target) throw new EspalierError('invalid-recipe', `the method ${method} needs target.channels`)
  if (choice.competing === 0 && !('channels' in target)) {
    throw new EspalierError('invalid-recipe', `recipe: /target/${Object.keys(target)[0]} leaves nothing to look for: every layer whose channels may go has a share of its own ("layers"); leave one without, or give {"channels": number}`)
  }
  const found = await countFor(target, context, coupled, choice)
  const gone = choice.goneAt(found.count)
  if (gone.size > 0) return { gone, ...(found.search && { search: found.search }) }
  throw new EspalierError('nothing-pruned', `no channel would go: ${found.count} of ${choice.competing} are asked to; ${whyNone(context, coupled)}`, { channels: choice.competing })
}

/** What keeps the channels of every group. */
function whyNone ({ recipe: { options } }: StaticContext, { groups }: CoupledModel): string {
  const { minChannels, roundTo } = options as { readonly minChannels: number, readonly roundTo: number }
  const largest = Math.max(...groups.map(({ channels }) => channels.length))
  if (minChannels >= largest) return `options.minChannels keeps ${minChannels} in every group, and no group has more than ${largest} that may go: lower it`
  return `ask for more${roundTo > 1 ? `, or lower options.roundTo: what stays of a group must be a multiple of ${roundTo}` : ''}${minChannels > 1 ? `; every group keeps at least ${minChannels} (options.minChannels)` : ''}`
}

async function countFor (target: Exclude<NonNullable<StaticContext['recipe']['target']>, { readonly threshold: number } | { readonly sparsity: number }>, context: StaticContext, coupled: CoupledModel, choice: Choice): Promise<{ count: number, search?: SearchRecord }> {
  if ('channels' in target) return { count: Math.floor(target.channels * choice.competing + 0.5) }
  if ('maxAccuracyDrop' in target || 'minAccuracy' in target) return await keepAccuracy(target, context, coupled, choice)
  return await bringDown(target, context, coupled, choice)
}

/** The least number of channels whose going brings a size down to what is asked. */
async function bringDown (target: MeasuredTarget, context: StaticContext, coupled: CoupledModel, { competing, goneAt }: Choice): Promise<{ count: number, search: SearchRecord }> {
  const measure = await channelMeasure(target, context, coupled)
  try {
    return await searchLeast({
      measure, competing, most: competing, signal: context.signal, of: async (count) => await measure.of(goneAt(count)),
      advice: 'all channels went that may: ask for more, let other layers go too ("layers"), or lower options.minChannels and options.roundTo',
    })
  } finally {
    measure.dispose?.()
  }
}
