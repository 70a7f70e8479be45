/** Layers with a share of channels of their own: what is asked of them must be possible. */
import { EspalierError } from '../../errors.ts'
import { matches } from '../../pruning/glob.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { ChannelGroup } from '../../pruning/structure/groups.ts'
import type { Problem } from '../../pruning/validate.ts'

/** Throws `invalid-recipe` where an entry asks only for channels that stay, or layers that share their channels have different shares. `shares`: by layer. */
export function assertShares (layers: Recipe['layers'], groups: readonly ChannelGroup[], shares: ReadonlyMap<string, number>): void {
  const problems = [...layers.flatMap(({ match, sparsity }, index) => sparsity === undefined ? [] : idle(match, `/layers/${index}/sparsity`, groups, shares)), ...contrary(groups, shares)]
  if (problems.length === 0) return
  throw new EspalierError('invalid-recipe', `recipe: ${problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`, { errors: problems })
}

function idle (match: string, path: string, groups: readonly ChannelGroup[], shares: ReadonlyMap<string, number>): Problem[] {
  const own = [...shares.keys()].filter((layer) => matches(match, layer))
  const theirs = groups.filter(({ makers }) => makers.some((maker) => own.includes(maker)))
  if (own.length === 0 || theirs.some(({ channels }) => channels.length > 0)) return []
  const reasons = [...new Set(theirs.flatMap(({ frozen }) => frozen))].join('; ')
  return [{ path, message: `asks for channels of ${own.join(', ')}, none of which may go: ${reasons === '' ? 'it makes none' : reasons}` }]
}

function contrary (groups: readonly ChannelGroup[], shares: ReadonlyMap<string, number>): Problem[] {
  return groups.flatMap(({ makers, channels }) => {
    const asked = makers.filter((maker) => shares.has(maker))
    if (channels.length === 0 || new Set(asked.map((maker) => shares.get(maker))).size < 2) return []
    return [{ path: '/layers', message: `asks for different shares of the same channels: ${asked.map((maker) => `${maker} ${shares.get(maker)}`).join(', ')}; these layers make them together, so give one of them a share, or all of them the same` }]
  })
}
