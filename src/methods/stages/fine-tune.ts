/** Trains within a chain; with distillation, from the model that the job was given. */
import type { FineTuneSettings } from '../../pruning/stages/fine-tune.ts'
import { fineTune as method } from '../dynamic/fine-tune.ts'
import type { Stage, StageContext } from './stage.ts'

export const fineTune: Stage = {
  async run (context: StageContext, { training }: FineTuneSettings) {
    const { examples, given } = context
    const result = await method.run({
      ...context,
      recipe: { ...context.recipe, method: 'fine-tune', training, stages: [] },
      engine: await context.engine(),
      examples: examples!,
      ...(training.distillation !== null && { teacher: given }),
    })
    return { changes: result.changes, record: { training: result.training } }
  },
}
