/** Channels taken out of a model as a recipe has it, from coupling to the smaller model. */
import type { ModelFile } from '../../models/model.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { Choice } from '../../pruning/structure/choose.ts'
import { createCut, shrinkModel } from '../../pruning/structure/shrink.ts'
import type { Target } from '../../pruning/targets.ts'
import type { StaticContext } from '../method.ts'
import { coupleModel, leaveUnscored, rankCoupled, type CoupledModel } from './channels.ts'
import { reachTarget, type Reached } from './reach.ts'
import { scoreChannels, type ChannelScores } from './scores.ts'

export interface Taken extends Reached, Pick<ChannelScores, 'record'> {
  readonly coupled: CoupledModel
  /** The smaller one. */
  readonly model: ModelFile
}

export interface TakeOptions {
  /** Where it was coupled before. */
  readonly followed?: CoupledModel
  /** The target, where that is not the recipe's. */
  targetOf? (coupled: CoupledModel, choice: Choice): Promise<Target>
}

/** Throws what coupling, scoring and reaching the target throw. */
export async function takeChannels (context: StaticContext, { followed = coupleModel(context.model, context.recipe), targetOf }: TakeOptions = {}): Promise<Taken> {
  const { recipe, model } = context
  const scored = await scoreChannels(context, followed.structure)
  const coupled = leaveUnscored(followed, scored, recipe)
  const choice = rankCoupled(coupled, scored, recipe)
  const own = targetOf === undefined ? context : { ...context, recipe: { ...recipe, target: await targetOf(coupled, choice) } }
  const reached = await reachTarget(own, coupled, choice)
  return { coupled, ...reached, model: await shrinkModel(model, createCut(coupled.structure, reached.gone)), ...(scored.record && { record: scored.record }) }
}

/** The share of channels that is asked of every layer; null where layers share one budget. */
export function shareOfLayers ({ scope, target }: Pick<Recipe, 'scope' | 'target'>): number | null {
  return scope === 'layer' && target !== null && 'channels' in target ? target.channels : null
}
