/** What the static methods share: the weights they may touch, and their result from a report on them. */
import { EspalierError } from '../../errors.ts'
import type { StoredTensor } from '../../models/tensor.ts'
import type { ModelFile } from '../../models/model.ts'
import type { Grouping } from '../../pruning/granularity/index.ts'
import type { Plan, PlannedTensor } from '../../pruning/plan.ts'
import type { PruneReport } from '../../pruning/prune.ts'
import { layerRows } from '../layer-rows.ts'
import type { MethodContext, MethodResult } from '../method.ts'
import type { UnitPlan } from '../plan-units.ts'

/** A planned tensor with its values, which stay as they are: what prunes works on copies. */
export type PoolMember = PlannedTensor & { readonly values: Float32Array, readonly grouping: Grouping | null, readonly outputOf?: Int32Array }

export interface Pool { readonly plan: Plan, readonly members: readonly PoolMember[], readonly tensors: ReadonlyMap<string, StoredTensor> }

/** Reads the weights of a plan. */
export async function readPool ({ model, signal }: MethodContext, { plan, layouts, outputs }: UnitPlan): Promise<Pool> {
  const tensors = new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
  const members: PoolMember[] = []
  for (const planned of plan.prune) {
    signal.throwIfAborted()
    members.push({ ...planned, grouping: layouts.get(planned.name) ?? null, ...(outputs.has(planned.name) && { outputOf: outputs.get(planned.name)! }), values: await tensors.get(planned.key)!.read() })
  }
  return { plan, members, tensors }
}

/** The result of a method; `members` hold the pruned values. Throws `nothing-pruned` with `hint` when no weight became zero. */
export async function resultOf (model: ModelFile, pool: Pool, report: PruneReport, hint: () => string): Promise<MethodResult> {
  await assertPruned(report, hint)
  const changes = new Map<string, Float32Array>()
  report.tensors.forEach(({ zeros, zerosBefore }, index) => {
    const { key, values } = pool.members[index]!
    if (zeros > zerosBefore) changes.set(key, values)
  })
  return { changes, layers: await layerRows(model, pool.plan, report.tensors, pool.tensors), ...figuresOf(report) }
}

/** Throws `nothing-pruned` with `hint` when no weight became zero, `target-missed` when fewer did than were asked for. */
export async function assertPruned (report: PruneReport, hint: () => string | Promise<string>): Promise<void> {
  if (report.changed === 0) {
    throw new EspalierError('nothing-pruned', `no weight would change: ${report.zeros} of ${report.weights} prunable weights are zero already; ${await hint()}`, { weights: report.weights, zeros: report.zeros })
  }
  if (report.zeros < report.asked) {
    throw new EspalierError('target-missed', `${report.asked} of ${report.weights} weights ought to be zero, ${report.zeros} are`, { asked: report.asked, zeros: report.zeros })
  }
}

export function figuresOf ({ tensors, weights, zeros, threshold }: PruneReport): Pick<MethodResult, 'pool' | 'competed' | 'threshold'> {
  return { pool: { weights, zerosBefore: tensors.reduce((sum, tensor) => sum + tensor.zerosBefore, 0), zeros }, competed: tensors.map(({ name }) => name), threshold }
}
