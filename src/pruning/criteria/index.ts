/** The table of criteria: one line each. */
import type { Criterion } from './criterion.ts'
import { magnitude } from './magnitude.ts'

export const CRITERIA = { magnitude } as const satisfies Record<string, Criterion>

export type CriterionName = keyof typeof CRITERIA
export const CRITERION_NAMES = Object.keys(CRITERIA) as CriterionName[]
export type { Criterion } from './criterion.ts'
