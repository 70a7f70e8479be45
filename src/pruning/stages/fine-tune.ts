/** The stage `fine-tune`: training alone, which keeps the zeros of what was pruned before. */
import { Type, type Static } from 'typebox'
import { TrainingInput } from '../training/schema.ts'
import { completeTraining, type Training } from '../training/training.ts'
import type { StageRules } from './stage.ts'
import { problemsOfStageTraining } from './training-problems.ts'

const settings = Type.Object({ training: Type.Optional(TrainingInput) }, { additionalProperties: false })

export interface FineTuneSettings { readonly training: Training }

export const fineTune = {
  description: 'trains the model further on the training examples; weights that are zero stay zero',
  settings,
  complete: ({ training = {} }: Static<typeof settings>): FineTuneSettings => ({ training: completeTraining(training) }),
  problems: ({ training }, path) => problemsOfStageTraining(training, path),
  needs: () => ({ trains: 'the stage fine-tune trains' }),
  breaks: () => ['grid', 'clusters'],
  record: Type.Object({}),
} as const satisfies StageRules<FineTuneSettings>
