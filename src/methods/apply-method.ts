/** Runs one method on a model. */
import { EspalierError } from '../errors.ts'
import type { ModelFile } from '../models/model.ts'
import { METHODS } from './index.ts'
import type { JobData, LearningExamples } from './job-data.ts'
import type { JobInput } from './job-types.ts'
import type { Method, MethodResult } from './method.ts'
import { weigher } from './write-outputs.ts'

export interface Applied extends Pick<JobData, 'report'> { readonly learning: LearningExamples | null }

export function methodNamed (name: string): Method {
  const method = Object.values<Method>(METHODS).find((candidate) => candidate.name === name)
  if (method === undefined) throw new EspalierError('invalid-recipe', `the method "${name}" is not known; methods are ${Object.keys(METHODS).join(', ')}`)
  return method
}

/** The recipe's method on a model, with what it needs of the job. `report` is null where nothing is measured. */
export async function applyMethod (input: JobInput, method: Method, model: ModelFile, { learning, report }: Applied): Promise<MethodResult> {
  const { recipe, signal } = input
  if (method.kind === 'dynamic') {
    if (learning === null) throw new EspalierError('internal', `the method ${method.name} was given nothing to train on`)
    return await method.run({ ...input, model, engine: await input.engine(), examples: learning })
  }
  const { weightBytes } = input.limits
  // Looking into layers, and evaluating them again and again, begin with TensorFlow loaded.
  if (learning !== null && model.architecture.graph !== undefined) await input.engine()
  // A model that is to be evaluated is held in any case.
  const streamAbove = report === null && recipe.stages.length === 0 && weightBytes !== undefined ? { streamAbove: weightBytes } : {}
  return await method.run({
    recipe,
    model,
    signal,
    ...streamAbove,
    weigh: weigher(input, model),
    engine: input.engine,
    onProgress: (progress) => { input.onProgress(progress) },
    ...(learning !== null && { calibration: { ...input, examples: learning } }),
  })
}
