/** The largest share of channels whose going keeps the accuracy, by evaluations over examples that are not reported. */
import type { ModelFile } from '../../models/model.ts'
import { shrinkModel, createCut } from '../../pruning/structure/shrink.ts'
import type { Choice } from '../../pruning/structure/choose.ts'
import { openEvaluator } from '../evaluator.ts'
import type { StaticContext } from '../method.ts'
import type { SearchRecord } from '../receipt.ts'
import type { allowedAccuracy } from '../search-curve.ts'
import { recalibrate } from '../static/reach.ts'
import { searchAccuracy } from '../static/targets/accuracy.ts'
import type { CoupledModel } from './channels.ts'

/** Each try is a model of its own. Throws `target-missed` with the whole curve when no share held. */
export async function keepAccuracy (
  target: Parameters<typeof allowedAccuracy>[0], context: StaticContext, { model, structure }: CoupledModel, { competing, goneAt }: Choice
): Promise<{ count: number, search: SearchRecord }> {
  const { low, high } = context.recipe.search!
  const countAt = (share: number): number => Math.floor(share * competing + 0.5)
  const { sparsity, search } = await searchAccuracy(target, context, { low, high }, async (request) => {
    const metricsOf = async (one: ModelFile): Promise<Record<string, number>> => {
      const evaluator = await openEvaluator(context.calibration!, { ...request, model: one })
      try {
        return await evaluator.evaluate(one === model ? new Map() : (await recalibrate(context, new Map(), one)).changes)
      } finally {
        evaluator.dispose()
      }
    }
    return { metrics: async (share) => await metricsOf(share === null ? model : await shrinkModel(model, createCut(structure, goneAt(countAt(share))))) }
  })
  return { count: countAt(sparsity), search }
}
