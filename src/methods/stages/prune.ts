/** Runs a method of pruning within a chain. */
import { chooseCalibration } from '../../datasets/index.ts'
import type { PruneSettings } from '../../pruning/stages/prune.ts'
import { applyMethod, methodNamed } from '../apply-method.ts'
import type { LearningExamples } from '../job-data.ts'
import type { Stage, StageContext } from './stage.ts'

export const prune: Stage = {
  async run (context: StageContext, { stage: _, ...settings }: PruneSettings & { readonly stage: string }) {
    const { shrink, ...whole } = context.recipe
    const recipe = { ...withoutParts(whole), ...settings, stages: [] }
    const method = methodNamed(recipe.method)
    const { model, changes, layers, competed, threshold, structure, training, updates, search, calibration, batchNorm, notes } = await applyMethod(
      { ...context, recipe, model: context.file }, method, context.model, { learning: looked(context, settings), report: null }
    )
    return {
      changes,
      layers,
      ...(model && { model }),
      ...(competed && { competed }),
      ...(structure && { structure }),
      ...(notes && { notes }),
      record: {
        method: recipe.method,
        threshold,
        ...(training && { training }), ...(updates && { updates }), ...(search && { search }), ...(calibration && { calibration }), ...(batchNorm && { batchNorm }),
      },
    }
  },
}

/** What belongs to the method of the chain's beginning. */
function withoutParts ({ criterion, calibration, schedule, options, search, batchNorm, training, ...whole }: Omit<StageContext['recipe'], 'shrink'>): Omit<StageContext['recipe'], 'shrink'> {
  return whole
}

/** Where something else trains on all examples, a method that only looks at some looks at as many as it says. */
function looked ({ examples, recipe: { seed } }: StageContext, { training, calibration }: PruneSettings): LearningExamples | null {
  if (examples === null || training !== undefined || calibration === undefined) return examples
  const { split, name } = chooseCalibration(examples, calibration.examples, seed)
  return { ...examples, training: split, name }
}
