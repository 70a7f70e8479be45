/** Learning rates by step: in the graph, and as numbers for reports. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../../errors.ts'
import type { ScheduleOptions } from '../options.ts'
import { NUMBERS, TENSORS, type Arithmetic } from './arithmetic.ts'
import { FORMULAS, type Sizes } from './formulas.ts'

/** float32 scalar; `step` is 0 at the first step. */
export type Schedule = (step: Tensor) => Tensor

/** `totalSteps` is what shares such as "40%" are taken of. Throws `invalid-recipe` for a size that is none and for rates that do not fit their boundaries. */
export function createSchedule (options: ScheduleOptions, rate: number, totalSteps: number): Schedule {
  const formula = resolved(options, rate, totalSteps)
  return (step) => formula(TENSORS, step)
}

/** The same as numbers. */
export function scheduledRates (options: ScheduleOptions, rate: number, totalSteps: number): (step: number) => number {
  const formula = resolved(options, rate, totalSteps)
  return (step) => formula(NUMBERS, step)
}

function resolved (options: ScheduleOptions, rate: number, totalSteps: number): <T>(m: Arithmetic<T>, step: T) => T {
  if (options.type === 'piecewise') {
    const [ends, rates] = [options.boundaries.length, options.values.length]
    if (rates !== ends + 1) throw new EspalierError('invalid-recipe', `a piecewise schedule of ${ends} boundaries takes ${ends + 1} values, ${rates} are given`)
  }
  if (options.type === 'cosine-restarts' && options.tMul < 1) {
    throw new EspalierError('invalid-recipe', `tMul is ${options.tMul}: the periods of cosine-restarts must not get shorter, give 1 or more`)
  }
  const steps = (size: number | string) => resolveSteps(size, totalSteps)
  const length = (size: number | string) => {
    const count = steps(size)
    if (count === 0) throw new EspalierError('invalid-recipe', `"${size}" of ${totalSteps} steps comes to no step: a schedule needs at least 1`)
    return count
  }
  const formula = FORMULAS[options.type] as (options: ScheduleOptions, rate: number, sizes: Sizes) => <T>(m: Arithmetic<T>, step: T) => T
  return formula(options, rate, { steps, length })
}

/** A number of steps; "40%" is that share of all steps, rounded. */
export function resolveSteps (size: number | string, totalSteps: number): number {
  const steps = typeof size === 'number' ? size : /^\d+(\.\d+)?%$/.test(size) ? Math.round(parseFloat(size) / 100 * totalSteps) : NaN
  if (!Number.isFinite(steps) || steps < 0) {
    throw new EspalierError('invalid-recipe', `"${size}" is not a number of steps: give an integer from 0 or a share such as "40%"`)
  }
  return steps
}
