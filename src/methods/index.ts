/** The table of methods: one line each. */
import type { MethodName } from '../pruning/method-rules.ts'
import type { Method } from './method.ts'
import { fineTune } from './dynamic/fine-tune.ts'
import { gradual } from './dynamic/gradual.ts'
import { groupLasso } from './dynamic/group-lasso.ts'
import { iterative } from './dynamic/iterative.ts'
import { l0 } from './dynamic/l0.ts'
import { l1 } from './dynamic/l1.ts'
import { lottery } from './dynamic/lottery.ts'
import { movement } from './dynamic/movement.ts'
import { rigl } from './dynamic/rigl.ts'
import { pruningMethod } from './dynamic/run-pruning.ts'
import { sensitivity } from './dynamic/sensitivity.ts'
import { set } from './dynamic/set.ts'
import { refuseWithoutScale, slimming } from './dynamic/slimming.ts'
import { surgery } from './dynamic/surgery.ts'
import { variational } from './dynamic/variational.ts'
import { evaluate } from './static/evaluate.ts'
import { magnitude } from './static/magnitude.ts'
import { threshold } from './static/threshold.ts'

export const METHODS = {
  magnitude,
  threshold,
  gradual: pruningMethod('gradual', gradual),
  surgery: pruningMethod('surgery', surgery),
  sensitivity: pruningMethod('sensitivity', sensitivity),
  movement: pruningMethod('movement', movement),
  l1: pruningMethod('l1', l1),
  l0: pruningMethod('l0', l0),
  variational: pruningMethod('variational', variational),
  'group-lasso': pruningMethod('group-lasso', groupLasso),
  slimming: pruningMethod('slimming', slimming, refuseWithoutScale),
  rigl: pruningMethod('rigl', rigl),
  set: pruningMethod('set', set),
  lottery: pruningMethod('lottery', lottery),
  iterative: pruningMethod('iterative', iterative),
  'fine-tune': fineTune,
  evaluate,
} as const satisfies Record<MethodName, Method>
