/** Which weights of a model a recipe prunes, and in what units. */
import { EspalierError } from '../errors.ts'
import { outputLayers } from '../models/architecture/output-layers.ts'
import type { ModelFile, ModelLayer } from '../models/model.ts'
import { groupingOf, type Grouping } from '../pruning/granularity/index.ts'
import { assertPlan, planPruning, type Plan, type PlannedTensor } from '../pruning/plan.ts'
import type { Recipe } from '../pruning/recipe.ts'

export interface UnitPlan {
  readonly plan: Plan
  /** By name of the weight; null where every element is a unit of its own. */
  readonly layouts: ReadonlyMap<string, Grouping | null>
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
  const skip = [...plan.skip]
  const outputs = recipe.granularity.type === 'channel' ? outputLayers(model.architecture) : new Set<string>()
  const prune = plan.prune.filter((tensor) => {
    const layer = layers.get(tensor.layer)!
    const axes = layer.weights.find(({ role }) => role === tensor.role)?.spec?.axes
    const grouping = groupingOf({ name: tensor.name, shape: tensor.shape, ...(axes && { axes }), className: layer.className, role: tensor.role }, recipe.granularity)
    const refused = outputs.has(tensor.layer) ? OUTPUTS : refuse(tensor, layer) ?? (grouping !== null && 'refused' in grouping ? grouping.refused : undefined)
    if (refused === undefined) layouts.set(tensor.name, grouping as Grouping | null)
    else skip.push({ key: tensor.key, name: tensor.name, layer: tensor.layer, role: tensor.role, weights: tensor.weights, prunable: true, reason: refused })
    return refused === undefined
  })
  if (prune.length > 0) return { plan: { ...plan, prune, skip }, layouts }
  const reasons = [...new Set(skip.map(({ reason }) => reason))].join('; ')
  throw new EspalierError('nothing-pruned', `no weight of the model may be pruned${reasons === '' ? ': it has none' : `: ${reasons}`}`, {})
}
