/** Plans a job: which weights would go, how many of each layer, what the file would weigh, and what the job would fail with. Nothing is stored. */
import { EspalierError } from '../../errors.ts'
import { countsOf, countTensors, type ModelCounts } from '../../models/counts.ts'
import type { ModelFile } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { SCOPES, zerosFor, type Scope } from '../../pruning/allocation/index.ts'
import { CRITERIA, type Criterion } from '../../pruning/criteria/index.ts'
import { calibratesFor } from '../../pruning/data-needs.ts'
import { METHOD_RULES, type MethodRules } from '../../pruning/method-rules.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import type { PrunedTensor } from '../../pruning/prune.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { learns, missingData } from '../../pruning/recipe-needs.ts'
import { searchOf } from '../../pruning/targets.ts'
import { whyNotRun } from '../job-data.ts'
import { planUnits, type UnitPlan } from '../plan-units.ts'
import { assertChainable, STAGES_LATER } from '../stages/chainable.ts'
import { assertShrinkable, SHRINK_LATER } from '../structured/shrinkable.ts'
import { zeroWarning } from '../warnings.ts'
import { planExactly, unwritable, type ExactPlan } from './exact-plan.ts'
import { PLANNED_WEIGHTS } from './limits.ts'
import type { WeighFile } from './memory-scale.ts'
import { planSize } from './plan-size.ts'
import type { Plan, PlanLayer, PlanSize } from './plan.ts'
import { attempt } from './refusals.ts'

export interface PlanRequest {
  readonly model: ModelFile
  readonly recipe: Recipe
  /** Which data sets the job would have. */
  readonly has: { readonly dataset: boolean, readonly evaluationDataset: boolean }
  /** As the job measures it. */
  readonly gzipSize: WeighFile
}

/** Throws `invalid-model` for weights that are NaN or infinite; everything that the recipe is at fault for is among the refusals. */
export async function makePlan (request: PlanRequest): Promise<Plan> {
  const { model, recipe, has } = request
  const refusals: EspalierError[] = []
  const missing = missingData(recipe, has)
  if (missing !== undefined) refusals.push(new EspalierError('invalid-request', missing))
  const problem = learns(recipe) || (recipe.evaluation !== false && (has.dataset || has.evaluationDataset)) ? whyNotRun(model, recipe) : undefined
  if (problem !== undefined) refusals.push(problem)
  attempt(refusals, () => { assertShrinkable(recipe, model) })
  attempt(refusals, () => { assertChainable(recipe, model) })
  const nonzeros = await countTensors(model)
  const counts = countsOf(model, nonzeros)
  const planned = (METHOD_RULES[recipe.method] as MethodRules).reshapes === true ? await planStructure(request, nonzeros, refusals) : await planZeros(request, nonzeros, counts, refusals)
  const { pool } = planned
  return {
    recipe,
    feasible: refusals.length === 0,
    refusals: refusals.map(({ code, message }) => ({ code, message })),
    before: { ...planSize(counts, { weights: pool.weights, zeros: pool.zerosBefore }), bytes: model.source.size, gzipBytes: null },
    ...planned,
    ...(recipe.stages.length > 0 && { exact: false, inexact: STAGES_LATER(recipe.stages) }),
  }
}

/** What a plan says besides what all plans say. */
type Planned = Omit<Plan, 'recipe' | 'feasible' | 'refusals' | 'before'>

/** Loads the methods that take channels out when they are asked about, as they come with TF.js, which the API needs for nothing else. */
async function planStructure ({ model, recipe, gzipSize }: PlanRequest, nonzeros: ReadonlyMap<string, number>, refusals: EspalierError[]): Promise<Planned> {
  const { planChannels } = await import('./channel-plan.ts')
  refusals.push(...await unwritable(model, recipe))
  return await planChannels({ model, recipe, gzipSize, nonzeros }, refusals)
}

async function planZeros (request: PlanRequest, nonzeros: ReadonlyMap<string, number>, counts: ModelCounts, refusals: EspalierError[]): Promise<Planned> {
  const { model, recipe } = request
  const units = METHOD_RULES[recipe.method].targets.length === 0 ? null : await attempt(refusals, () => planUnits(model, recipe))
  const inexact = units === null ? undefined : whyInexact(request, units)
  const exact = units === null || inexact !== undefined || refusals.length > 0 ? null : await attempt(refusals, async () => await planExactly(model, recipe, units, request.gzipSize))
  refusals.push(...await unwritable(model, recipe))
  const zeros = exact !== null ? new Map(exact.tensors.map((tensor) => [tensor.name, tensor])) : units === null || refusals.length > 0 ? new Map<string, PrunedTensor>() : byShape(units, recipe)
  const pool = poolOf(units, zeros, nonzeros, recipe)
  return {
    exact: exact !== null && exact.file !== null,
    ...(inexact !== undefined && { inexact }),
    pool,
    after: refusals.length > 0 || pool.zeros === null ? null : afterOf(request, nonzeros, counts, pool, zeros, exact),
    ...(exact?.search && { search: exact.search }),
    layers: layersOf(model, units, zeros, nonzeros),
    warnings: units === null ? [] : [recipe.shrink === true ? SHRINK_LATER : zeroWarning(recipe)],
  }
}

/** Why the very zeros are not known before the job runs. */
function whyInexact ({ recipe }: PlanRequest, { plan }: UnitPlan): string | undefined {
  const { method, scope, target, batchNorm } = recipe
  const { trains }: MethodRules = METHOD_RULES[method]
  if (trains) return `the method ${method} decides while it trains`
  if (searchOf(target) === 'accuracy') return 'the sparsity is searched for by evaluations'
  if ((SCOPES[scope] as Scope).scans === true) return `the scope ${scope} looks at calibration data`
  const why = calibratesFor(recipe)
  if (why !== undefined && method !== 'sparsegpt' && batchNorm !== 'recalibrate') return why
  const { observes }: Criterion = CRITERIA[recipe.criterion ?? 'magnitude']
  if (observes !== undefined || Number(recipe.options?.rounds ?? 1) > 1) return `what the criterion ${recipe.criterion} comes to is computed by the job`
  const weights = plan.prune.reduce((sum, tensor) => sum + tensor.weights, 0)
  return weights > PLANNED_WEIGHTS ? `${weights} weights are ranked by a job only: a plan ranks up to ${PLANNED_WEIGHTS}` : undefined
}

/** Zeros of layers that share nothing with others, by their sizes; null for those of a common budget. */
function byShape ({ plan: { prune } }: UnitPlan, { target, scope }: Recipe): Map<string, PrunedTensor> {
  const found = new Map<string, PrunedTensor>()
  const own = (tensors: readonly PlannedTensor[], name: Recipe['scope'], sparsity: number): void => {
    for (const { members, zeros } of SCOPES[name].allocate(tensors, sparsity)) {
      // Tensors of one layer share its zeros as the ranking will have it.
      const [only] = members
      if (members.length === 1) found.set(tensors[only!]!.name, { ...tensors[only!]!, asked: sparsity, zerosBefore: 0, zeros, threshold: null })
    }
  }
  for (const sparsity of new Set(prune.flatMap((tensor) => tensor.sparsity ?? []))) own(prune.filter((tensor) => tensor.sparsity === sparsity), 'layer', sparsity)
  const { isGlobal, scans }: Scope = SCOPES[scope]
  if (target !== null && 'sparsity' in target && !isGlobal && scans !== true) own(prune.filter((tensor) => tensor.sparsity === undefined), scope, target.sparsity)
  return found
}

function poolOf (units: UnitPlan | null, zeros: ReadonlyMap<string, PrunedTensor>, nonzeros: ReadonlyMap<string, number>, { target }: Recipe): Plan['pool'] {
  const prune = units?.plan.prune ?? []
  const weights = prune.reduce((sum, tensor) => sum + tensor.weights, 0)
  const zerosBefore = weights - prune.reduce((sum, { key }) => sum + nonzeros.get(key)!, 0)
  if (prune.length > 0 && prune.every(({ name }) => zeros.has(name))) return { weights, zerosBefore, zeros: prune.reduce((sum, { name }) => sum + zeros.get(name)!.zeros, 0) }
  const free = prune.filter((tensor) => tensor.sparsity === undefined).reduce((sum, tensor) => sum + tensor.weights, 0)
  const pinned = prune.reduce((sum, tensor) => sum + zerosFor(tensor.sparsity ?? 0, tensor.weights), 0)
  return { weights, zerosBefore, zeros: target !== null && 'sparsity' in target && weights > 0 ? pinned + zerosFor(target.sparsity, free) : null }
}

function afterOf ({ model }: PlanRequest, nonzeros: ReadonlyMap<string, number>, before: ModelCounts, pool: Plan['pool'], zeros: ReadonlyMap<string, PrunedTensor>, exact: ExactPlan | null): PlanSize {
  if (exact === null) {
    const left = Math.min(before.nonzeros, before.nonzeros + pool.zerosBefore - pool.zeros!)
    return { ...planSize({ ...before, nonzeros: left, effectiveMacs: null }, { weights: pool.weights, zeros: pool.zeros! }), bytes: null, gzipBytes: null }
  }
  const after = new Map(nonzeros)
  for (const layer of model.layers) {
    for (const { role, tensor } of layer.weights) {
      const planned = zeros.get(`${layer.path}/${role}`)
      if (planned !== undefined) after.set(tensor.key, planned.weights - planned.zeros)
    }
  }
  return { ...planSize(countsOf(model, after), { weights: pool.weights, zeros: pool.zeros! }), bytes: exact.file?.bytes ?? null, gzipBytes: exact.file?.gzipBytes ?? null }
}

function layersOf (model: ModelFile, units: UnitPlan | null, zeros: ReadonlyMap<string, PrunedTensor>, nonzeros: ReadonlyMap<string, number>): PlanLayer[] {
  return model.layers.filter(({ weights }) => weights.length > 0).map(({ path, className, weights }) => {
    const planned = units?.plan.prune.filter(({ layer }) => layer === path) ?? []
    const skipped = units?.plan.skip.filter(({ layer }) => layer === path) ?? []
    const keys = planned.length > 0 ? planned.map(({ key }) => key) : weights.filter(({ prunable }) => prunable).map(({ tensor }) => tensor.key)
    const sizes = new Map(weights.map(({ tensor }) => [tensor.key, sizeOf(tensor.shape)]))
    const known = planned.map(({ name }) => zeros.get(name))
    const all = known.length > 0 && known.every((tensor) => tensor !== undefined)
    const asked = new Set(known.map((tensor) => tensor?.asked ?? null))
    const reasons = new Set((skipped.some(({ prunable }) => prunable) ? skipped.filter(({ prunable }) => prunable) : skipped).map(({ reason }) => reason))
    return {
      name: path,
      type: className,
      weights: keys.reduce((sum, key) => sum + sizes.get(key)!, 0),
      nonzeros: keys.reduce((sum, key) => sum + nonzeros.get(key)!, 0),
      zeros: all ? known.reduce((sum, tensor) => sum + tensor!.zeros, 0) : null,
      asked: asked.size === 1 ? [...asked][0]! : null,
      ...(planned.length === 0 && reasons.size > 0 && { skipped: [...reasons].join('; ') }),
    }
  })
}
