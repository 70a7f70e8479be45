/** Learning rates by step, over any arithmetic. Source of every formula: keras.optimizers.schedules. */
import type { ScheduleOptions } from '../options.ts'
import type { Arithmetic } from './arithmetic.ts'

/** All sizes as numbers of steps. */
export interface Sizes {
  /** Any number of steps from 0. */
  steps (size: number | string): number
  /** At least 1 step. */
  length (size: number | string): number
}

type Of<Type extends ScheduleOptions['type']> = ScheduleOptions & { readonly type: Type }

/** The formula of a schedule; `step` is 0 at the first step. Sizes are resolved at once, so that a wrong one is an error before any step. */
type Formula<Options> = (options: Options, rate: number, sizes: Sizes) => <T>(m: Arithmetic<T>, step: T) => T

/** Keeps the logarithm of a whole number of periods from being rounded to below it in float32. */
const NUDGE = 1e-5

export const FORMULAS: { readonly [Type in ScheduleOptions['type']]: Formula<Of<Type>> } = {
  constant: (_, rate) => (m) => m.of(rate),

  exponential ({ decaySteps, decayRate, staircase }, rate, sizes) {
    const length = sizes.length(decaySteps)
    return (m, step) => m.mul(rate, m.pow(decayRate, periods(m, step, length, staircase)))
  },

  'inverse-time' ({ decaySteps, decayRate, staircase }, rate, sizes) {
    const length = sizes.length(decaySteps)
    return (m, step) => m.div(rate, m.add(1, m.mul(decayRate, periods(m, step, length, staircase))))
  },

  polynomial ({ decaySteps, end, power, cycle }, rate, sizes) {
    const length = sizes.length(decaySteps)
    return (m, step) => {
      // With `cycle` the decay begins anew over a multiple of its length.
      const done = cycle ? m.div(step, m.mul(length, m.max(1, m.ceil(m.div(step, length))))) : m.div(m.min(step, length), length)
      return m.add(end, m.mul(rate - end, m.pow(m.sub(1, done), power)))
    }
  },

  piecewise ({ boundaries, values }, _, sizes) {
    const ends = boundaries.map((boundary) => sizes.steps(boundary))
    return (m, step) => ends.reduce((rate, end, index) => m.ifLess(end, step, values[index + 1]!, rate), m.of(values[0]!))
  },

  cosine ({ decaySteps, alpha, warmupSteps, warmupTarget }, rate, sizes) {
    const [warm, length, top] = [warmupTarget === null ? 0 : sizes.steps(warmupSteps), sizes.length(decaySteps), warmupTarget ?? rate]
    return (m, step) => {
      const done = m.div(m.min(m.max(m.sub(step, warm), 0), length), length)
      const decayed = m.mul(top, m.add(m.mul(1 - alpha, halfWave(m, done)), alpha))
      return warm === 0 ? decayed : m.ifLess(step, warm, m.add(m.mul(top - rate, m.div(step, warm)), rate), decayed)
    }
  },

  'cosine-restarts' ({ firstDecaySteps, tMul, mMul, alpha }, rate, sizes) {
    const length = sizes.length(firstDecaySteps)
    return (m, step) => {
      const periodsDone = m.div(step, length)
      const { restarts, done } = tMul === 1 ? evenPeriods(m, periodsDone) : growingPeriods(m, periodsDone, tMul)
      return m.mul(rate, m.add(m.mul(m.mul(1 - alpha, m.pow(mMul, restarts)), halfWave(m, done)), alpha))
    }
  },
}

function periods<T> (m: Arithmetic<T>, step: T, length: number, staircase: boolean): T {
  const passed = m.div(step, length)
  return staircase ? m.floor(passed) : passed
}

/** From 1 at 0 to 0 at 1. */
function halfWave<T> (m: Arithmetic<T>, done: T): T {
  return m.mul(0.5, m.add(1, m.cos(m.mul(Math.PI, done))))
}

function evenPeriods<T> (m: Arithmetic<T>, passed: T): { restarts: T, done: T } {
  const restarts = m.floor(passed)
  return { restarts, done: m.sub(passed, restarts) }
}

/** Each period is `factor` times as long as the one before: n of them are (1 - factor^n) / (1 - factor) first periods. */
function growingPeriods<T> (m: Arithmetic<T>, passed: T, factor: number): { restarts: T, done: T } {
  const restarts = m.floor(m.add(m.div(m.log(m.sub(1, m.mul(passed, 1 - factor))), Math.log(factor)), NUDGE))
  const grown = m.pow(factor, restarts)
  return { restarts, done: m.div(m.sub(passed, m.div(m.sub(1, grown), 1 - factor)), grown) }
}
