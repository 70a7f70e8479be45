/** Trains within a chain; with distillation, from the model that the job was given. */
import type { FineTuneSettings } from '../../pruning/stages/fine-tune.ts'
import { fineTune as method } from '../dynamic/fine-tune.ts'
import type { Stage, StageContext } from './stage.ts'
import { trainingContext } from './training-context.ts'

export const fineTune: Stage = {
  async run (context: StageContext, { training }: FineTuneSettings) {
    const result = await method.run(await trainingContext(context, training))
    return { changes: result.changes, record: { training: result.training } }
  },
}
