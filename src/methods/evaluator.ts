/** What evaluates a model again and again with other weights, by what runs it. */
import { createEvaluator, createLoadingEvaluator, type Evaluator, type EvaluatorRequest } from '../engine/evaluator.ts'
import { EspalierError } from '../errors.ts'
import type { CalibrationContext } from './method.ts'
import { openRuntime } from './runtimes/index.ts'

/** Throws what loading and evaluating throw, and `limit-exceeded` for a model that is not run for its size. */
export async function openEvaluator (context: CalibrationContext, request: EvaluatorRequest): Promise<Evaluator> {
  const { model } = request
  if (model.architecture.graph !== undefined) return await createEvaluator({ ...request, tf: (await context.engine()).tf })
  const runtime = await openRuntime(context, model)
  const refusal = await runtime.refusal?.(model)
  if (refusal !== undefined) throw new EspalierError('limit-exceeded', refusal)
  return createLoadingEvaluator(async (changes) => await runtime.load(model, changes), request)
}
