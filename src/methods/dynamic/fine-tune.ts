/** Training alone: nothing is pruned, and what is zero stays zero. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import { planPruning } from '../../pruning/plan.ts'
import type { DynamicMethod } from '../method.ts'
import { firstWeights } from './first-weights.ts'
import { openExamples } from './open-examples.ts'
import { keptZeros } from './pool.ts'
import { trainModel, trainingOf } from './train-model.ts'
import { assertChanged, trainedResult } from './trained-result.ts'

export const fineTune = {
  name: 'fine-tune',
  kind: 'dynamic',
  description: METHOD_RULES['fine-tune'].description,
  writesModel: true,
  async run (context) {
    const { keepZeros, keep } = trainingOf(context)
    const changes = firstWeights(context)
    const trained = await trainModel(context, {
      examples: await openExamples(context),
      ...(changes && { changes }),
      ...(keepZeros && { pruner: { keep: keptZeros, kinds: { train: {} } } }),
      best: keep === 'best',
      ...(context.teacher && { teacher: context.teacher }),
      ...(context.checkpoints && { checkpoints: context.checkpoints }),
    })
    const result = await trainedResult(context, trained, { plan: planPruning(context.model.layers, context.recipe), asked: () => null })
    assertChanged(result, trained)
    return result
  },
} as const satisfies DynamicMethod
