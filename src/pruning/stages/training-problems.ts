/** What is wrong with the training of a stage: what is wrong with any, and what would undo earlier stages. */
import type { TrainingInput } from '../training/schema.ts'
import { problemsOfTraining } from '../training/training.ts'
import type { Problem } from '../validate.ts'

/** `path`: of the stage. */
export function problemsOfStageTraining (training: unknown, path: string): Problem[] {
  const given = training as TrainingInput | null | undefined
  if (given == null) return []
  return [
    ...problemsOfTraining(given, `${path}/training`),
    ...(given.keepZeros === false ? [{ path: `${path}/training/keepZeros`, message: 'must not be false in a chain: the zeros of earlier stages stay' }] : []),
    ...(given.from === 'scratch' ? [{ path: `${path}/training/from`, message: 'must not be "scratch" in a chain: what earlier stages did would be lost' }] : []),
  ]
}
