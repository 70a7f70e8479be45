/** The table of methods: one line each. */
import type { MethodName } from '../pruning/method-rules.ts'
import type { Method } from './method.ts'
import { fineTune } from './dynamic/fine-tune.ts'
import { evaluate } from './static/evaluate.ts'
import { magnitude } from './static/magnitude.ts'
import { threshold } from './static/threshold.ts'

export const METHODS = { magnitude, threshold, evaluate, 'fine-tune': fineTune } as const satisfies Record<MethodName, Method>
