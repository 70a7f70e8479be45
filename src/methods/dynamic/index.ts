/** The table of methods that prune while they train: one line each. */
import type { PruningTrainingMethod } from '../../pruning/method-rules.ts'
import { gradual } from './gradual.ts'
import { groupLasso } from './group-lasso.ts'
import { iterative } from './iterative.ts'
import { l0 } from './l0.ts'
import { l1 } from './l1.ts'
import { lottery } from './lottery.ts'
import { movement } from './movement.ts'
import type { Technique } from './pruning.ts'
import { rigl } from './rigl.ts'
import { sensitivity } from './sensitivity.ts'
import { set } from './set.ts'
import { refuseWithoutScale, slimming } from './slimming.ts'
import { surgery } from './surgery.ts'
import { variational } from './variational.ts'

export const TECHNIQUES = {
  gradual: { create: gradual },
  surgery: { create: surgery },
  sensitivity: { create: sensitivity },
  movement: { create: movement },
  l1: { create: l1 },
  l0: { create: l0 },
  variational: { create: variational },
  'group-lasso': { create: groupLasso },
  slimming: { create: slimming, refuse: refuseWithoutScale },
  rigl: { create: rigl },
  set: { create: set },
  lottery: { create: lottery },
  iterative: { create: iterative },
} as const satisfies Record<PruningTrainingMethod, Technique>
