/** The table of sparsity schedules, and one of them made ready for a run of so many steps. */
import { EspalierError } from '../../errors.ts'
import { constant } from './constant.ts'
import { cosine } from './cosine.ts'
import { exponential } from './exponential.ts'
import { linear } from './linear.ts'
import { polynomial } from './polynomial.ts'
import type { SparsitySchedule } from './schedule.ts'

export type { SparsitySchedule } from './schedule.ts'

export const SCHEDULES = { polynomial, linear, cosine, exponential, constant } as const satisfies Record<string, SparsitySchedule>

export type SparsityScheduleName = keyof typeof SCHEDULES
export const SPARSITY_SCHEDULE_NAMES = Object.keys(SCHEDULES) as SparsityScheduleName[]

/** Sizes are steps or, as "40%", shares of all steps of the run. */
export interface SparsityScheduleOptions {
  readonly type: SparsityScheduleName
  readonly begin: number | string
  readonly end: number | string
  /** Steps between updates of masks; null: so many that there are about UPDATES of them, at most SELDOM apart. */
  readonly every: number | null
  /** Sparsity at the first update. */
  readonly initial: number
  readonly power: number
}

export const SCHEDULE_OPTIONS: SparsityScheduleOptions = { type: 'polynomial', begin: '0%', end: '60%', every: null, initial: 0, power: 3 }

/** Updates of masks in a run that does not say how often: finer ones were not better, and cost time. */
const UPDATES = 25
const SELDOM = 100

export interface RunSchedule {
  readonly begin: number
  /** The step of the last update, at which the target is reached. */
  readonly end: number
  readonly every: number
  isUpdate (step: number): boolean
  /** Sparsity asked at a step, on the way to `target`. */
  sparsityAt (step: number, target: number): number
}

/** Throws `invalid-recipe` for a schedule that does not fit into `steps` steps. */
export function scheduleFor (options: SparsityScheduleOptions, steps: number): RunSchedule {
  const [begin, end] = [resolve(options.begin, steps, 'begin'), resolve(options.end, steps, 'end')]
  if (begin > end) throw new EspalierError('invalid-recipe', `recipe: /schedule/begin comes to step ${begin}, after /schedule/end, step ${end}, of ${steps} steps`)
  if (options.every !== null && options.every < 1) throw new EspalierError('invalid-recipe', `recipe: /schedule/every must be 1 or more, not ${options.every}`)
  const every = options.every ?? Math.max(1, Math.min(SELDOM, Math.floor((end - begin) / UPDATES)))
  const { at } = SCHEDULES[options.type]
  return {
    begin,
    end,
    every,
    isUpdate: (step) => step >= begin && step <= end && ((step - begin) % every === 0 || step === end),
    sparsityAt (step, target) {
      if (step >= end) return target
      const progress = step <= begin ? 0 : (step - begin) / (end - begin)
      return at(progress, Math.min(options.initial, target), target, options.power)
    },
  }
}

/** A step of the run: counted from 0, the last one is `steps` - 1. */
function resolve (size: number | string, steps: number, name: string): number {
  if (typeof size === 'string') return Math.min(steps - 1, Math.round(parseFloat(size) / 100 * steps))
  if (size >= steps) throw new EspalierError('invalid-recipe', `recipe: /schedule/${name} is step ${size}, but the run has ${steps} steps: give a smaller one, or a share such as "60%"`)
  return size
}
