/** Structured pruning in rounds: channels go, what is left trains, as often as it is asked. */
import { chooseCalibration } from '../../datasets/index.ts'
import type { ModelFile } from '../../models/model.ts'
import { withValues } from '../../models/remade.ts'
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
import { accuracyOf, searchSparsity } from './search.ts'
import { rebuilt, trainInRounds, type Looking, type RoundCut } from './structured-rounds.ts'

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
    const { made, cuts } = await madeOf(context, found)
    return {
      model: made,
      changes: new Map(),
      ...await channelRows(coupleModel(model, recipe), made, shareOfLayers(recipe)),
      threshold: null,
      training: found.trained.record,
      structure: mergedRecord(cuts),
      notes: cuts.flatMap(({ coupled, gone }) => channelNotes(coupled, gone)),
      ...(found.batchNorm && { batchNorm: found.batchNorm }),
      ...(found.search && { search: found.search }),
    }
  },
} as const satisfies DynamicMethod

async function prunedTo (target: Target, context: TrainingContext, examples: OpenedExamples): Promise<PrunedOnce & { readonly search?: SearchRecord }> {
  const looking = lookingAt(context)
  if ('maxAccuracyDrop' in target || 'minAccuracy' in target) {
    return await searchSparsity(context, examples, target, async (share, own, checkpoints) => {
      const pruned = await trainInRounds(own, { examples, target: { channels: share }, looking, ...(checkpoints && { checkpoints }) })
      // Behind the training its figures are those of other statistics.
      return pruned.batchNorm === undefined ? pruned : { ...pruned, accuracy: await accuracyOf({ ...own, model: (await madeOf(own, pruned)).made }, examples) }
    })
  }
  return await trainInRounds(context, { examples, target, looking, ...(context.checkpoints && { checkpoints: context.checkpoints }) })
}

/** The smaller model with what was trained, and how it came to be smaller. */
async function madeOf ({ model, recipe }: TrainingContext, { gone, trained }: PrunedOnce): Promise<{ readonly made: ModelFile, readonly cuts: readonly RoundCut[] }> {
  const { model: shrunk, cuts } = await rebuilt(model, recipe, gone!)
  return { made: withValues(shrunk, trained.weights), cuts }
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
  return changes === undefined ? context : { ...context, model: withValues(context.model, changes) }
}
