/** Structured pruning in rounds: channels go, what is left trains, as often as it is asked. */
import { chooseCalibration } from '../../datasets/index.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { Target } from '../../pruning/targets.ts'
import type { DynamicMethod, TrainingContext } from '../method.ts'
import type { SearchRecord } from '../receipt.ts'
import { coupleModel } from '../structured/channels.ts'
import { channelRows, channelNotes, mergedRecord } from '../structured/record.ts'
import { shareOfLayers } from '../structured/take.ts'
import { firstWeights } from './first-weights.ts'
import { openExamples, type OpenedExamples } from './open-examples.ts'
import type { PrunedOnce } from './run-pruning.ts'
import { searchSparsity } from './search.ts'
import { rebuilt, trainInRounds, withValues, type Looking } from './structured-rounds.ts'

export const structuredIterative = {
  name: 'structured-iterative',
  kind: 'dynamic',
  description: METHOD_RULES['structured-iterative'].description,
  writesModel: true,
  async run (given) {
    const context = await withFirstWeights(given)
    const { recipe, model } = context
    const examples = await openExamples(context)
    const found = await prunedTo(recipe.target!, context, examples)
    const { model: shrunk, cuts } = await rebuilt(model, recipe, found.gone!)
    const made = await withValues(shrunk, found.trained.weights)
    return {
      model: made,
      changes: new Map(),
      ...await channelRows(coupleModel(model, recipe), made, shareOfLayers(recipe)),
      threshold: null,
      training: found.trained.record,
      structure: mergedRecord(cuts),
      notes: cuts.flatMap(({ coupled, gone }) => channelNotes(coupled, gone)),
      ...(found.search && { search: found.search }),
    }
  },
} as const satisfies DynamicMethod

async function prunedTo (target: Target, context: TrainingContext, examples: OpenedExamples): Promise<PrunedOnce & { readonly search?: SearchRecord }> {
  const looking = lookingAt(context)
  if ('maxAccuracyDrop' in target || 'minAccuracy' in target) {
    return await searchSparsity(context, examples, target, async (share, own, checkpoints) => await trainInRounds(own, { examples, target: { channels: share }, looking, ...(checkpoints && { checkpoints }) }))
  }
  return await trainInRounds(context, { examples, target, looking, ...(context.checkpoints && { checkpoints: context.checkpoints }) })
}

/** Over some of the training examples. */
function lookingAt (context: TrainingContext): Looking {
  const { recipe: { calibration, seed }, engine, examples } = context
  if (calibration === undefined) return { engine: async () => engine }
  const { split, name } = chooseCalibration(examples, calibration.examples, seed)
  return { engine: async () => engine, calibration: { ...context, engine: async () => engine, examples: { training: split, selection: null, name } } }
}

/** Fresh weights are those of the model from here on. */
async function withFirstWeights (context: TrainingContext): Promise<TrainingContext> {
  const changes = firstWeights(context)
  return changes === undefined ? context : { ...context, model: await withValues(context.model, changes) }
}
