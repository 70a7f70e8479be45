/** Learning rates by step, in the graph. Source of every formula: keras.optimizers.schedules. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../../errors.ts'
import type { ScheduleOptions } from '../options.ts'

/** float32 scalar; `step` is 0 at the first step. */
export type Schedule = (step: Tensor) => Tensor

interface Context { readonly rate: number, readonly steps: (size: number | string) => number }
type Of<Type extends ScheduleOptions['type']> = ScheduleOptions & { readonly type: Type }

const SCHEDULES: { readonly [Type in ScheduleOptions['type']]: (options: Of<Type>, context: Context) => Schedule } = {
  constant: (_, { rate }) => () => tf.scalar(rate),
  exponential: ({ decaySteps, decayRate, staircase }, { rate, steps }) => (step) => tf.mul(rate, tf.pow(tf.scalar(decayRate), periods(step, steps(decaySteps), staircase))),
  'inverse-time': ({ decaySteps, decayRate, staircase }, { rate, steps }) => (step) => tf.div(rate, tf.add(1, tf.mul(decayRate, periods(step, steps(decaySteps), staircase)))),
  polynomial: ({ decaySteps, end, power, cycle }, { rate, steps }) => (step) => {
    const length = steps(decaySteps)
    // With `cycle` the decay begins anew over a multiple of its length.
    const total = cycle ? tf.mul(length, tf.maximum(1, tf.ceil(tf.div(step, length)))) : tf.scalar(length)
    return tf.add(end, tf.mul(rate - end, tf.pow(tf.sub(1, tf.div(cycle ? step : tf.minimum(step, length), total)), tf.scalar(power))))
  },
  piecewise: ({ boundaries, values }, { steps }) => (step) => boundaries.reduce<Tensor>(
    (rate, boundary, index) => tf.add(rate, tf.mul(values[index + 1]! - values[index]!, tf.cast(tf.greater(step, steps(boundary)), 'float32'))), tf.scalar(values[0]!)
  ),
  cosine: ({ decaySteps, alpha, warmupSteps, warmupTarget }, { rate, steps }) => (step) => {
    const [warm, length] = [warmupTarget === null ? 0 : steps(warmupSteps), steps(decaySteps)]
    const top = warmupTarget ?? rate
    const fraction = tf.div(tf.minimum(tf.maximum(tf.sub(step, warm), 0), length), length)
    const decayed = tf.mul(top, tf.add(tf.mul((1 - alpha) / 2, tf.add(1, tf.cos(tf.mul(Math.PI, fraction)))), alpha))
    if (warm === 0) return decayed
    return tf.where(tf.less(step, warm), tf.add(tf.mul(top - rate, tf.div(step, warm)), rate), decayed)
  },
  'cosine-restarts': ({ firstDecaySteps, tMul, mMul, alpha }, { rate, steps }) => (step) => {
    const done = tf.div(step, steps(firstDecaySteps))
    const restarts = tMul === 1 ? tf.floor(done) : tf.floor(tf.div(tf.log(tf.sub(1, tf.mul(done, 1 - tMul))), Math.log(tMul)))
    const sum = tMul === 1 ? restarts : tf.div(tf.sub(1, tf.pow(tf.scalar(tMul), restarts)), 1 - tMul)
    const fraction = tMul === 1 ? tf.sub(done, restarts) : tf.div(tf.sub(done, sum), tf.pow(tf.scalar(tMul), restarts))
    const height = tf.pow(tf.scalar(mMul), restarts)
    return tf.mul(rate, tf.add(tf.mul(tf.mul((1 - alpha) / 2, height), tf.add(1, tf.cos(tf.mul(Math.PI, fraction)))), alpha))
  },
}

/** `totalSteps` is what shares such as "40%" are taken of. Throws `invalid-recipe` for a size that comes to no step. */
export function createSchedule (options: ScheduleOptions, rate: number, totalSteps: number): Schedule {
  const steps = (size: number | string) => resolveSteps(size, totalSteps)
  return (SCHEDULES[options.type] as (options: ScheduleOptions, context: Context) => Schedule)(options, { rate, steps })
}

/** A number of steps; "40%" is that share of all steps, rounded. */
export function resolveSteps (size: number | string, totalSteps: number): number {
  const steps = typeof size === 'number' ? size : Math.round(Number(size.replace(/%$/, '')) / 100 * totalSteps)
  if (!Number.isFinite(steps) || steps < 0) throw new EspalierError('invalid-recipe', `"${size}" is not a number of steps: give an integer from 0 or a share such as "40%"`)
  return steps
}

function periods (step: Tensor, length: number, staircase: boolean): Tensor {
  const passed = tf.div(step, length)
  return staircase ? tf.floor(passed) : passed
}
