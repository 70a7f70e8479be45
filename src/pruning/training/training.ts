/** Training settings after validation, every default filled in, and the mistakes that a schema cannot tell. */
import type { Problem } from '../validate.ts'
import { OPTIMIZER_DEFAULTS, SCHEDULE_DEFAULTS } from './names.ts'
import type { OptimizerInput, ScheduleInput, TrainingInput } from './schema.ts'

type Complete<T> = T extends string ? never : { readonly [Key in keyof T]-?: Exclude<T[Key], undefined> }

export type TrainingSchedule = Complete<ScheduleInput>

/** With `schedule` and `clip` filled in as well. */
export type TrainingOptimizer = Complete<OptimizerInput> extends infer Each ? Each extends { schedule: unknown } ? Omit<Each, 'schedule'> & { readonly schedule: TrainingSchedule } : never : never

export interface Training {
  readonly epochs: number
  readonly batchSize: number
  readonly optimizer: TrainingOptimizer
  readonly loss: string
  readonly metrics: readonly string[] | null
  readonly shuffle: boolean
  readonly classWeights: Readonly<Record<string, number>> | null
  readonly validation: number
  readonly earlyStopping: { readonly monitor: string, readonly patience: number, readonly minDelta: number, readonly restoreBest: boolean } | null
  readonly timeBudget: number | null
  readonly checkpointEvery: number
  readonly keepZeros: boolean
  readonly from: 'model' | 'scratch'
  readonly keep: 'best' | 'last' | null
  readonly distillation: { readonly weight: number, readonly temperature: number } | null
}

/** With early stopping over validation examples, unless the recipe says how many. */
const VALIDATION = 0.1

const EARLY_STOPPING = { monitor: 'val_loss', patience: 3, minDelta: 0, restoreBest: true } as const

const DISTILLATION = { weight: 0.5, temperature: 4 } as const

/** `selects`: the method needs validation examples to choose by. */
export function completeTraining (input: TrainingInput, selects = false): Training {
  const earlyStopping = input.earlyStopping == null ? null : { ...EARLY_STOPPING, ...input.earlyStopping }
  return {
    epochs: input.epochs ?? 5,
    batchSize: input.batchSize ?? 128,
    optimizer: completeOptimizer(input.optimizer ?? 'adam'),
    loss: input.loss ?? 'auto',
    metrics: input.metrics ?? null,
    shuffle: input.shuffle ?? true,
    classWeights: input.classWeights ?? null,
    validation: input.validation ?? (selects || input.keep === 'best' || earlyStopping?.monitor.startsWith('val_') === true ? VALIDATION : 0),
    earlyStopping,
    timeBudget: input.timeBudget ?? null,
    checkpointEvery: input.checkpointEvery ?? 60,
    keepZeros: input.keepZeros ?? true,
    from: input.from ?? 'model',
    keep: input.keep ?? null,
    distillation: input.distillation == null ? null : { ...DISTILLATION, ...input.distillation },
  }
}

function completeOptimizer (input: OptimizerInput): TrainingOptimizer {
  const { type, schedule = 'constant', clip = null, ...given } = typeof input === 'string' ? { type: input } as Exclude<OptimizerInput, string> : input
  return { type, ...OPTIMIZER_DEFAULTS[type], ...given, schedule: completeSchedule(schedule), clip } as unknown as TrainingOptimizer
}

function completeSchedule (input: ScheduleInput): TrainingSchedule {
  const given = typeof input === 'string' ? { type: input } : input
  return { ...SCHEDULE_DEFAULTS[given.type], ...given } as TrainingSchedule
}

/** What is wrong with settings that are right one by one. `input` is of any form: what the schema finds is not found again. */
export function problemsOfTraining (input: unknown, path: string): Problem[] {
  if (!isObject(input)) return []
  const { optimizer, earlyStopping, validation, classWeights } = input
  return [
    ...isObject(optimizer) ? [...problemsOfClip(optimizer.clip, `${path}/optimizer/clip`), ...problemsOfSchedule(optimizer.schedule, `${path}/optimizer/schedule`)] : [],
    ...isObject(earlyStopping) && validation === 0 && String(earlyStopping.monitor ?? EARLY_STOPPING.monitor).startsWith('val_')
      ? [{ path: `${path}/earlyStopping/monitor`, message: `watches "${String(earlyStopping.monitor ?? EARLY_STOPPING.monitor)}", but "validation" is 0: keep examples apart, or watch "loss"` }]
      : [],
    ...input.keep === 'best' && validation === 0 ? [{ path: `${path}/keep`, message: 'is "best", but "validation" is 0: keep examples apart to tell the best epoch by' }] : [],
    ...isObject(classWeights)
      ? Object.keys(classWeights).filter((name) => !/^\d+$/.test(name)).map((name) => ({ path: `${path}/classWeights/${name.slice(0, 64)}`, message: 'is no class index: classes are "0", "1", ...' }))
      : [],
  ]
}

function problemsOfClip (clip: unknown, path: string): Problem[] {
  const given = isObject(clip) ? Object.keys(clip) : []
  return isObject(clip) && given.length !== 1 ? [{ path, message: `must have one of value, norm, globalNorm, not ${given.length === 0 ? 'none' : given.join(' and ')}` }] : []
}

function problemsOfSchedule (schedule: unknown, path: string): Problem[] {
  if (!isObject(schedule)) return []
  const { type, boundaries, values } = schedule
  if (type === 'piecewise' && Array.isArray(boundaries) && Array.isArray(values) && values.length !== boundaries.length + 1) {
    return [{ path: `${path}/values`, message: `must have ${boundaries.length + 1} items, one more than "boundaries", not ${values.length}` }]
  }
  return []
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
