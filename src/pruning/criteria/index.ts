/** The table of criteria: one line each. */
import { apoz } from './apoz.ts'
import { bnScale } from './bn-scale.ts'
import type { Criterion } from './criterion.ts'
import { fisher } from './fisher.ts'
import { fpgm } from './fpgm.ts'
import { gradient } from './gradient.ts'
import { groupL1 } from './group-l1.ts'
import { groupL2 } from './group-l2.ts'
import { l2 } from './l2.ts'
import { magnitude } from './magnitude.ts'
import { meanActivation } from './mean-activation.ts'
import { random } from './random.ts'
import { snip } from './snip.ts'
import { synflow } from './synflow.ts'
import { taylor } from './taylor.ts'
import { wanda } from './wanda.ts'

export const CRITERIA = {
  magnitude,
  l2,
  random,
  gradient,
  snip,
  taylor,
  fisher,
  wanda,
  synflow,
  'bn-scale': bnScale,
  fpgm,
  apoz,
  'mean-activation': meanActivation,
  'group-l1': groupL1,
  'group-l2': groupL2,
} as const satisfies Record<string, Criterion>

export type CriterionName = keyof typeof CRITERIA
export const CRITERION_NAMES = Object.keys(CRITERIA) as CriterionName[]
export { needsData, observedFor, type Companion, type Criterion, type Observed, type ScoreContext } from './criterion.ts'
