/** Training alone: nothing is pruned, and what is zero stays zero. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { DynamicMethod } from '../method.ts'
import { nonzeroMask, trainModel } from './train-model.ts'
import { trainedResult } from './trained-result.ts'

export const fineTune = {
  name: 'fine-tune',
  kind: 'dynamic',
  description: METHOD_RULES['fine-tune'].description,
  writesModel: true,
  async run (context) {
    const trained = await trainModel(context, { mask: context.recipe.training?.keepZeros === true ? nonzeroMask : undefined })
    return await trainedResult(context, trained)
  },
} as const satisfies DynamicMethod
