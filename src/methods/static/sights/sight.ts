/** What a sight is: it sees what a criterion goes by besides the weights. */
import type { HeldChanges } from '../../../models/model.ts'
import type { Observed } from '../../../pruning/criteria/index.ts'
import type { PlannedTensor } from '../../../pruning/plan.ts'
import type { StaticContext } from '../../method.ts'
import type { UnitPlan } from '../../plan-units.ts'
import type { CalibrationRecord } from '../../receipt.ts'

/** What was seen. */
export interface Seen {
  /** Of sights that look at data. */
  readonly record?: CalibrationRecord
  /** Why nothing can be seen of a weight; undefined when something was. */
  refused (tensor: PlannedTensor): string | undefined
  /** Of a weight that was not refused. */
  of (tensor: PlannedTensor): Observed
}

export interface Sight {
  /** Looks at the model with new values of weights, by tensor key. */
  see (changes: HeldChanges): Promise<Seen>
  dispose (): void
}

/** Makes ready to look at the weights of a plan, as often as it takes. */
export type OpenSight = (context: StaticContext, plan: UnitPlan) => Promise<Sight>
