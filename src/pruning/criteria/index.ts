/** The table of criteria: one line each. */
import type { Criterion } from './criterion.ts'
import { fisher } from './fisher.ts'
import { gradient } from './gradient.ts'
import { l2 } from './l2.ts'
import { magnitude } from './magnitude.ts'
import { random } from './random.ts'
import { snip } from './snip.ts'
import { taylor } from './taylor.ts'
import { wanda } from './wanda.ts'

export const CRITERIA = { magnitude, l2, random, gradient, snip, taylor, fisher, wanda } as const satisfies Record<string, Criterion>

export type CriterionName = keyof typeof CRITERIA
export const CRITERION_NAMES = Object.keys(CRITERIA) as CriterionName[]
export type { Criterion, Observed, ScoreContext } from './criterion.ts'
