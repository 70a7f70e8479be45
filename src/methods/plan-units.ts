/** Which weights of a model a recipe prunes, and in what units. */
import { EspalierError } from '../errors.ts'
import { outputLayers } from '../models/architecture/output-layers.ts'
import type { ModelFile, ModelLayer } from '../models/model.ts'
import { SCOPES, type Scope } from '../pruning/allocation/index.ts'
import { groupingOf, type Grouping } from '../pruning/granularity/index.ts'
import { assertPlan, planPruning, type Plan, type PlannedTensor } from '../pruning/plan.ts'
import type { Recipe } from '../pruning/recipe.ts'

export interface UnitPlan {
  readonly plan: Plan
  /** By name of the weight; null where every element is a unit of its own. */
  readonly layouts: ReadonlyMap<string, Grouping | null>
  /** By name of the weight: element -> output. Of scopes that compare within outputs. */
  readonly outputs: ReadonlyMap<string, Int32Array>
}

/** Why a weight cannot be pruned; undefined when it can. */
export type RefuseTensor = (tensor: PlannedTensor, layer: ModelLayer) => string | undefined

const OUTPUTS = 'its channels are the outputs of the model, which must stay'

/**
 * The plan without what cannot be parted into the units asked for, or what `refuse` has something against. Throws `invalid-recipe` for layers that do not
 * exist and `nothing-pruned` when no weight is left.
 */
export function planUnits (model: ModelFile, recipe: Recipe, refuse: RefuseTensor = () => undefined): UnitPlan {
  const plan = planPruning(model.layers, recipe)
  assertPlan(plan)
  const layers = new Map(model.layers.map((layer) => [layer.path, layer]))
  const layouts = new Map<string, Grouping | null>()
  const outputOf = new Map<string, Int32Array>()
  const byOutput = (SCOPES[recipe.scope] as Scope).byOutput === true
  const skip = [...plan.skip]
  const outputs = recipe.granularity.type === 'channel' ? outputLayers(model.architecture) : new Set<string>()
  const prune = plan.prune.filter((tensor) => {
    const layer = layers.get(tensor.layer)!
    const axes = layer.weights.find(({ role }) => role === tensor.role)?.spec?.axes
    const grouped = { name: tensor.name, shape: tensor.shape, ...(axes && { axes }), className: layer.className, role: tensor.role }
    const grouping = groupingOf(grouped, recipe.granularity)
    const columns = byOutput ? groupingOf(grouped, { type: 'column' }) : null
    if (columns !== null && 'of' in columns) outputOf.set(tensor.name, columns.of)
    const refused = outputs.has(tensor.layer) ? OUTPUTS : refuse(tensor, layer) ?? [grouping, columns].flatMap((one) => one !== null && 'refused' in one ? one.refused : [])[0]
    if (refused === undefined) layouts.set(tensor.name, grouping as Grouping | null)
    else skip.push({ key: tensor.key, name: tensor.name, layer: tensor.layer, role: tensor.role, weights: tensor.weights, prunable: true, reason: refused })
    return refused === undefined
  })
  if (prune.length > 0) return { plan: { ...plan, prune, skip }, layouts, outputs: outputOf }
  const reasons = [...new Set(skip.map(({ reason }) => reason))].join('; ')
  throw new EspalierError('nothing-pruned', `no weight of the model may be pruned${reasons === '' ? ': it has none' : `: ${reasons}`}`, {})
}
