/** Which tensors a recipe prunes and which it leaves alone, with the reasons: known before any weight is read. */
import { EspalierError } from '../errors.ts'
import { matches } from './glob.ts'
import { nearest } from './nearest.ts'
import type { Recipe } from './recipe.ts'
import type { Problem } from './validate.ts'

/** What a plan needs to know of a model; the layers of a model file are of this form. */
export interface PlannedLayer {
  readonly path: string
  readonly weights: ReadonlyArray<{
    readonly role: string
    readonly prunable: boolean
    readonly reason?: string
    /** Absent for layers we do not know. */
    readonly spec?: { readonly trainable: boolean }
    readonly tensor: { readonly key: string, readonly shape: readonly number[] }
  }>
}

/** A tensor of the pool. */
export interface PlannedTensor {
  readonly key: string
  /** `layer/role`. */
  readonly name: string
  readonly layer: string
  readonly role: string
  readonly weights: number
  readonly shape: readonly number[]
  /** A sparsity of its own; absent when it competes. */
  readonly sparsity?: number
  /** For the method threshold: what holds for it. */
  readonly threshold?: number
}

export interface SkippedTensor {
  readonly key: string
  readonly name: string
  readonly layer: string
  readonly role: string
  readonly weights: number
  /** Would it be pruned by default? Then it was the recipe that left it out. */
  readonly prunable: boolean
  readonly reason: string
}

export interface Plan {
  readonly prune: readonly PlannedTensor[]
  readonly skip: readonly SkippedTensor[]
  /** Entries of `layers` that match nothing. */
  readonly problems: readonly Problem[]
}

type LayerRule = Recipe['layers'][number]
type Rules = Pick<Recipe, 'layers' | 'target'>

/** How many names a message lists before it says how many more there are. */
const LISTED = 20

/**
 * Decides for every weight. The last entry of `recipe.layers` that matches its layer or the weight itself holds for it. Weights that are left
 * alone by default (biases, normalisation) are pruned only when an entry matches the weight's own path and does not skip it; what is not trained,
 * never. Pure: reads no tensor.
 */
export function planPruning (layers: readonly PlannedLayer[], recipe: Rules): Plan {
  const prune: PlannedTensor[] = []
  const skip: SkippedTensor[] = []
  for (const layer of layers) {
    for (const weight of layer.weights) {
      const name = `${layer.path}/${weight.role}`
      const common = { key: weight.tensor.key, name, layer: layer.path, role: weight.role, weights: weight.tensor.shape.reduce((product, size) => product * size, 1) }
      const reason = reasonToSkip(layer.path, name, weight, recipe.layers)
      if (reason !== undefined) skip.push({ ...common, prunable: weight.prunable, reason })
      else prune.push({ ...common, shape: weight.tensor.shape, ...goalOf(lastMatch(recipe.layers, layer.path, name), recipe.target) })
    }
  }
  return { prune, skip, problems: unmatched(layers, recipe.layers) }
}

/** Throws `invalid-recipe` with all problems of a plan, so that a mistyped name never prunes something else silently. */
export function assertPlan (plan: Plan): void {
  if (plan.problems.length === 0) return
  throw new EspalierError('invalid-recipe', `recipe: ${plan.problems.map(({ path, message }) => `${path} ${message}`).join('; ')}`, { errors: plan.problems })
}

function reasonToSkip (layer: string, name: string, weight: PlannedLayer['weights'][number], rules: readonly LayerRule[]): string | undefined {
  const rule = lastMatch(rules, layer, name)
  if (weight.prunable) return rule?.skip === true ? `the recipe skips it (layers, match "${rule.match}")` : undefined
  const byDefault = weight.reason ?? 'left alone by default'
  if (weight.spec?.trainable === false || rule === undefined) return byDefault
  const asked = rules.findLast((one) => matches(one.match, name))
  return asked === undefined || asked.skip === true || rule.skip === true ? byDefault : undefined
}

function lastMatch (rules: readonly LayerRule[], layer: string, name: string): LayerRule | undefined {
  return rules.findLast(({ match }) => matches(match, layer) || matches(match, name))
}

function goalOf (rule: LayerRule | undefined, target: Recipe['target']): { sparsity?: number, threshold?: number } {
  if (target !== null && 'threshold' in target) return { threshold: rule?.threshold ?? target.threshold }
  return rule?.sparsity !== undefined ? { sparsity: rule.sparsity } : {}
}

function unmatched (layers: readonly PlannedLayer[], rules: readonly LayerRule[]): Problem[] {
  const paths = layers.filter(({ weights }) => weights.length > 0).map(({ path }) => path)
  const names = layers.flatMap(({ path, weights }) => weights.map(({ role }) => `${path}/${role}`))
  const all = [...layers.map(({ path }) => path), ...names]
  return rules.flatMap(({ match }, index) => {
    if (all.some((path) => matches(match, path))) return []
    const near = nearest(match, all)
    const list = paths.slice(0, LISTED).join(', ') + (paths.length > LISTED ? ` and ${paths.length - LISTED} more` : '')
    return [{ path: `/layers/${index}/match`, message: `"${match}" matches no layer and no weight${near !== undefined ? ` (did you mean "${near}"?)` : ''}; layers with weights are ${list}` }]
  })
}
