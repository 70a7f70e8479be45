/** The weights that a method prunes while it trains: which compete with which, for how many zeros, in what units. */
import { unitsOf, type Units } from '../../engine/prune/units.ts'
import type { Pruner } from '../../engine/prune/pruner.ts'
import type { ModelFile } from '../../models/model.ts'
import type { RefuseWeights } from './pruning.ts'
import { SCOPES, zerosFor } from '../../pruning/allocation/index.ts'
import type { Grouping } from '../../pruning/granularity/index.ts'
import type { Plan, PlannedTensor } from '../../pruning/plan.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { RunSchedule } from '../../pruning/schedules/index.ts'
import { countZeros } from '../../pruning/sparse.ts'
import { planUnits } from '../plan-units.ts'

/** Tensors that compete for one number of zeros. */
export interface PoolArena {
  /** Names of weights. */
  readonly members: readonly string[]
  readonly weights: number
  /** That are zero in the end; null when it is the method that decides. */
  readonly zeros: number | null
  /** The sparsity asked of its layer; null where layers share one budget. */
  readonly asked: number | null
  /** Do weights rank by their share of what their tensor would have left (scope `lamp`)? */
  readonly lamp: boolean
}

export interface PrunedPool {
  readonly plan: Plan
  readonly tensors: readonly PlannedTensor[]
  readonly arenas: readonly PoolArena[]
  /** By name of the weight; null where every element is a unit of its own. */
  readonly layouts: ReadonlyMap<string, Grouping | null>
  readonly weights: number
  /** Zeros in the end, over all arenas; null when it is the method that decides. */
  readonly zeros: number | null
}

const FROZEN = 'the layer is frozen (trainable: false), and frozen layers are not pruned while training'

/**
 * `sparsity`: what is asked of weights without a sparsity of their own; null where the method decides. Throws `invalid-recipe` for layers that do not exist
 * and `nothing-pruned` when no weight may be pruned.
 */
export function poolFor (model: ModelFile, recipe: Recipe, sparsity: number | null, refuse: ReturnType<RefuseWeights> = () => undefined): PrunedPool {
  const { plan, layouts } = planUnits(model, recipe, (tensor, layer) => layer.layer.trainable ? refuse(tensor) : FROZEN)
  const arenas = arenasFor(plan.prune, recipe, sparsity)
  const weights = plan.prune.reduce((sum, tensor) => sum + tensor.weights, 0)
  const zeros = arenas.some((arena) => arena.zeros === null) ? null : arenas.reduce((sum, arena) => sum + arena.zeros!, 0)
  return { plan, tensors: plan.prune, arenas, layouts, weights, zeros }
}

/** Pinned layers compete within themselves; the scope shares out the rest. */
function arenasFor (tensors: readonly PlannedTensor[], { scope }: Recipe, sparsity: number | null): PoolArena[] {
  const arenas = (members: readonly PlannedTensor[], name: Recipe['scope'], share: number | null, asked: number | null): PoolArena[] => members.length === 0
    ? []
    : SCOPES[name].allocate(members, share ?? 0).map((one) => {
      const inArena = one.members.map((index) => members[index]!)
      const weights = inArena.reduce((sum, tensor) => sum + tensor.weights, 0)
      return { members: inArena.map((tensor) => tensor.name), weights, lamp: name === 'lamp', zeros: share === null ? null : one.zeros, asked: asked ?? (SCOPES[name].isGlobal || share === null ? null : one.zeros / weights) }
    })
  const pinned = [...new Set(tensors.flatMap((tensor) => tensor.sparsity ?? []))]
  return [
    ...arenas(tensors.filter((tensor) => tensor.sparsity === undefined), scope, sparsity, null),
    ...pinned.flatMap((share) => arenas(tensors.filter((tensor) => tensor.sparsity === share), 'layer', share, share)),
  ]
}

/** The units of every pruned weight, by name. */
export function unitsIn ({ tensors, layouts }: PrunedPool): ReadonlyMap<string, Units> {
  return new Map(tensors.map(({ name, shape }) => [name, unitsOf(shape, layouts.get(name) ?? null)]))
}

/** Zeros of each arena at a step: exactly what is asked from the schedule's end on. */
export function zerosAt ({ arenas }: PrunedPool, schedule: RunSchedule, step: number): Int32Array {
  return Int32Array.from(arenas, ({ weights, zeros }) => {
    if (zeros === null) return 0
    return step >= schedule.end ? zeros : zerosFor(schedule.sparsityAt(step, zeros / weights), weights)
  })
}

function nonzeroMask (values: Float32Array): Float32Array {
  return Float32Array.from(values, (value) => value === 0 ? 0 : 1)
}

/** The mask under which a weight that is not pruned stays as sparse as it is; undefined where it needs none. */
export const keptZeros: NonNullable<Pruner['keep']> = ({ prunable }, values) => !prunable || countZeros(values) === 0 ? undefined : nonzeroMask(values)

/** Masks of 1, or of what is not zero yet where the zeros of a given model are kept; weights that are not pruned keep their zeros too. */
export function firstMasks ({ tensors }: PrunedPool, { training }: Recipe): Required<Pick<Pruner, 'mask' | 'keep'>> {
  const names = new Set(tensors.map(({ name }) => name))
  const keepZeros = training!.keepZeros && training!.from === 'model'
  return {
    mask ({ name }, values) {
      if (!names.has(name)) return undefined
      return keepZeros ? nonzeroMask(values) : new Float32Array(values.length).fill(1)
    },
    keep: (weight, values) => !keepZeros || names.has(weight.name) ? undefined : keptZeros(weight, values),
  }
}
