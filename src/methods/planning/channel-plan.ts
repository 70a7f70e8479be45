/** The plan of a method that takes channels out: the job's own groups, ranking and choice, and the smaller model, which is weighed and forgotten. */
import type { EspalierError } from '../../errors.ts'
import { countModel, countsOf } from '../../models/counts.ts'
import type { ModelFile } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { CRITERIA, needsData } from '../../pruning/criteria/index.ts'
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import { placesGone } from '../../pruning/structure/groups.ts'
import { searchOf } from '../../pruning/targets.ts'
import type { MethodResult } from '../method.ts'
import { coupleModel, type CoupledModel } from '../structured/channels.ts'
import { channelRows, channelNotes, structureRecord } from '../structured/record.ts'
import { shareOfLayers, takeChannels, type Taken } from '../structured/take.ts'
import { PLANNED_WEIGHTS } from './limits.ts'
import { createScale, type Weighed, type WeighFile } from './memory-scale.ts'
import { planSize } from './plan-size.ts'
import type { Plan, PlanLayer, PlanStructure } from './plan.ts'
import { attempt } from './refusals.ts'

/** What a plan says besides what all plans say. */
export type ChannelPlan = Pick<Plan, 'exact' | 'inexact' | 'pool' | 'after' | 'search' | 'structure' | 'layers' | 'warnings'>

export interface ChannelPlanRequest {
  readonly model: ModelFile
  readonly recipe: Recipe
  readonly gzipSize: WeighFile
  /** By tensor key. */
  readonly nonzeros: ReadonlyMap<string, number>
}

interface Shrunk extends Taken {
  /** Null where weights that stay change as well. */
  readonly file: Weighed | null
}

/** What the job would fail with joins `refusals`. With refusals nothing is ranked, but the groups are told where there are some. */
export async function planChannels (request: ChannelPlanRequest, refusals: EspalierError[]): Promise<ChannelPlan> {
  const { model, recipe } = request
  const followed = await attempt(refusals, () => coupleModel(model, recipe))
  if (followed === null) return unfollowed(request)
  const why = whyUnknown(request)
  const shrunk = why !== undefined || refusals.length > 0 ? null : await attempt(refusals, async () => await shrink(request, followed))
  const coupled = shrunk?.coupled ?? followed
  const inexact = why ?? (recipe.batchNorm === 'recalibrate' ? 'these are the channels of the job, but "batchNorm": "recalibrate" looks at calibration data, and the bytes of the file depend on it' : undefined)
  const { layers, pool } = await channelRows(coupled, shrunk?.model ?? model, shareOfLayers(recipe))
  return {
    exact: shrunk !== null && shrunk.file !== null,
    ...(inexact !== undefined && { inexact }),
    pool: { weights: pool.weights, zerosBefore: pool.zerosBefore, zeros: shrunk === null ? null : pool.zeros },
    after: shrunk && await sizeAfter(request, shrunk, pool.after!),
    ...(shrunk?.search && { search: shrunk.search }),
    structure: structureOf(coupled, shrunk),
    layers: layers.map((row) => layerOf(row, request, shrunk)),
    warnings: shrunk === null ? [] : channelNotes(coupled, shrunk.gone),
  }
}

/** As the method does it. Throws what the job would throw. */
async function shrink ({ model, recipe, gzipSize }: ChannelPlanRequest, followed: CoupledModel): Promise<Shrunk> {
  const scale = createScale(model, recipe, gzipSize)
  const context = { model, recipe, signal: new AbortController().signal, weigh: scale.one }
  const taken = await takeChannels(context, { followed })
  return { ...taken, file: recipe.batchNorm === 'recalibrate' ? null : await scale.both(new Map(), taken.model) }
}

/** Why the very channels are not known before the job runs. */
function whyUnknown ({ model, recipe: { method, target, criterion } }: ChannelPlanRequest): string | undefined {
  if (METHOD_RULES[method].trains) return `the method ${method} decides while it trains`
  const search = searchOf(target)
  if (search === 'accuracy') return 'the share of channels is searched for by evaluations'
  if (search === 'latency') return 'the share of channels is searched for by the time that the model takes, on the worker that does the job'
  if (criterion !== undefined && needsData(CRITERIA[criterion])) return `the criterion ${criterion} looks at calibration data`
  const weights = model.layers.flatMap((layer) => layer.weights).reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)
  return weights > PLANNED_WEIGHTS ? `the channels of ${weights} weights are ranked by a job only: a plan ranks up to ${PLANNED_WEIGHTS}` : undefined
}

async function sizeAfter ({ model, nonzeros }: ChannelPlanRequest, { model: shrunk, file }: Shrunk, pool: NonNullable<MethodResult['pool']['after']>): Promise<Plan['after']> {
  return { ...planSize(await countModel(shrunk), pool, countsOf(model, nonzeros).weights), bytes: file?.bytes ?? null, gzipBytes: file?.gzipBytes ?? null }
}

function structureOf (coupled: CoupledModel, shrunk: Shrunk | null): PlanStructure {
  const { channels, groups } = structureRecord(coupled, shrunk?.gone ?? new Set())
  return {
    channels: { ...channels, after: shrunk && channels.after },
    groups: groups.map((row, index) => {
      const group = coupled.groups[index]!
      return {
        ...row,
        removable: group.channels.reduce((sum, { places }) => sum + places, 0),
        after: shrunk && row.after,
        gone: shrunk && placesGone(coupled.structure, group, shrunk.gone),
      }
    }),
  }
}

function layerOf ({ name, type, weights, kept, asked, skipped }: MethodResult['layers'][number], { model, nonzeros }: ChannelPlanRequest, shrunk: Shrunk | null): PlanLayer {
  const before = model.layers.find(({ path }) => path === name)!
  const after = shrunk?.model.layers.find(({ path }) => path === name)
  return {
    name,
    type,
    weights,
    nonzeros: before.weights.filter(({ prunable }) => prunable).reduce((sum, { tensor }) => sum + nonzeros.get(tensor.key)!, 0),
    zeros: shrunk === null ? null : weights - kept,
    asked,
    ...(after !== undefined && { shapes: Object.fromEntries(after.weights.map(({ role, tensor }) => [role, [...tensor.shape]])) }),
    ...(skipped !== undefined && { skipped }),
  }
}

/** Where channels cannot be followed at all. */
function unfollowed ({ model, nonzeros }: ChannelPlanRequest): ChannelPlan {
  const layers = model.layers.filter(({ weights }) => weights.length > 0).map(({ path, className, weights }): PlanLayer => {
    const own = weights.filter(({ prunable }) => prunable).map(({ tensor }) => tensor)
    return { name: path, type: className, weights: own.reduce((sum, { shape }) => sum + sizeOf(shape), 0), nonzeros: own.reduce((sum, { key }) => sum + nonzeros.get(key)!, 0), zeros: null, asked: null }
  })
  const sum = (key: 'weights' | 'nonzeros'): number => layers.reduce((total, layer) => total + layer[key], 0)
  return { exact: false, pool: { weights: sum('weights'), zerosBefore: sum('weights') - sum('nonzeros'), zeros: null }, after: null, layers, warnings: [] }
}
