/** What a stage that trains gives the training: the job as one that fine-tunes, on the model as it stands. */
import type { Training } from '../../pruning/training/training.ts'
import type { TrainingContext } from '../method.ts'
import type { StageContext } from './stage.ts'

/** With distillation it learns from the model that the job was given. */
export async function trainingContext (context: StageContext, training: Training): Promise<TrainingContext> {
  return {
    ...context,
    recipe: { ...context.recipe, method: 'fine-tune', training, layers: [], target: null, stages: [] },
    engine: await context.engine(),
    examples: context.examples!,
    ...(training.distillation !== null && { teacher: context.given }),
  }
}
