/** The channels of a model made ready to go: coupled, grouped, scored and ranked as the recipe has it. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../../models/model.ts'
import { assertPlan, planPruning } from '../../pruning/plan.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { rankChannels, type Choice } from '../../pruning/structure/choose.ts'
import { coupleChannels, type Structure } from '../../pruning/structure/couple.ts'
import { freeAxes, groupChannels, type ChannelGroup } from '../../pruning/structure/groups.ts'
import { overMean, scoresOf } from '../../pruning/structure/norms.ts'
import type { ChannelScores } from './scores.ts'
import { assertShares } from './shares.ts'

export interface CoupledModel {
  readonly model: ModelFile
  readonly structure: Structure
  readonly groups: readonly ChannelGroup[]
  /** Layers with a share of channels of their own, by path. */
  readonly shares: ReadonlyMap<string, number>
}

type Rules = Pick<Recipe, 'layers'>

/** Throws `invalid-recipe` for layers that do not exist, or whose own share cannot be met, `unsupported-layer` without a layer graph, `nothing-pruned` when every channel stays, with the reasons. */
export function coupleModel (model: ModelFile, { layers }: Rules): CoupledModel {
  const plan = planPruning(model.layers, { layers, target: null })
  assertPlan(plan)
  // A channel of a layer that is skipped stays; by default nothing is.
  const kept = new Map(plan.skip.filter(({ prunable }) => prunable).map(({ layer, reason }) => [layer, reason]))
  const structure = coupleChannels(model.architecture, { keep: (layer) => kept.get(layer) })
  const groups = groupChannels(structure)
  if (!groups.some(({ channels }) => channels.length > 0)) {
    const reasons = [...new Set(groups.flatMap(({ frozen }) => frozen))].join('; ')
    throw new EspalierError('nothing-pruned', `no channel of the model may go${reasons === '' ? ': no layer makes any' : `: ${reasons}`}`, {})
  }
  const shares = new Map(plan.prune.flatMap(({ layer, sparsity }) => sparsity === undefined ? [] : [[layer, sparsity] as const]))
  assertShares(layers, groups, shares)
  return { model, structure, groups, shares }
}

/** The same where channels stay that the criterion has no score for, as it cannot be observed of what makes them. */
export function leaveUnscored (coupled: CoupledModel, { scores }: ChannelScores, { criterion = 'group-l2' }: Pick<Recipe, 'criterion'>): CoupledModel {
  const groups = coupled.groups.map((group) => {
    const channels = group.channels.filter(({ root }) => scores.has(root))
    return channels.length === group.channels.length ? group : { ...group, channels, frozen: [...group.frozen, `the criterion ${criterion} cannot score its channels`] }
  })
  return { ...coupled, groups }
}

/** A group has its own share where one of the layers that make it has. */
export function rankCoupled ({ structure, groups, shares }: CoupledModel, { scores }: ChannelScores, { scope, options }: Recipe): Choice {
  const { minChannels, roundTo, normalize } = options as { readonly minChannels: number, readonly roundTo: number, readonly normalize: 'mean' | 'none' }
  const ranked = groups.filter(({ channels }) => channels.length > 0).map((group) => {
    const own = scoresOf(group.channels, scores)
    const share = group.makers.map((maker) => shares.get(maker)).find((one) => one !== undefined)
    return { group, scores: normalize === 'mean' ? overMean(own) : own, ...(share !== undefined && { share }) }
  })
  return rankChannels(ranked, { scope: scope === 'layer' ? 'layer' : 'global', minChannels, roundTo, axes: freeAxes(structure) })
}
