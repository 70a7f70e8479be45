/** Pruning of models that are too large to be held: weights are read in pieces, and cut while the output is written. */
import { EspalierError } from '../../errors.ts'
import { countNonzeros, type ZeroCounts } from '../../models/counts.ts'
import { withRaw, type FileTensor } from '../../models/formats/file-tensor.ts'
import { decodeNumbers } from '../../models/formats/hdf5/index.ts'
import type { StreamedChange } from '../../models/model.ts'
import { withRing, type Ring } from '../../models/piece-memory.ts'
import { sizeOf } from '../../models/tensor.ts'
import { CRITERIA, type Criterion } from '../../pruning/criteria/index.ts'
import { calibratesFor } from '../../pruning/data-needs.ts'
import { TARGET_NAMES, type Target } from '../../pruning/targets.ts'
import { deviationOfChunks } from '../../pruning/threshold.ts'
import { zerosFirst } from '../../pruning/zeros-first.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import { bfloat16Elements, float16Elements } from '../../pruning/streaming/narrow.ts'
import type { Elements, PlacedCut } from '../../pruning/streaming/elements.ts'
import { createMade, type Made } from '../../pruning/streaming/made.ts'
import { isStreamable, pruneStreamed, pruneStreamedThreshold, type StreamedReport } from '../../pruning/streaming/prune.ts'
import type { StreamedTensor } from '../../pruning/streaming/tensor.ts'
import { float32Elements, scoredElements } from '../../pruning/streaming/wide.ts'
import { layerRows } from '../layer-rows.ts'
import type { MethodResult, StaticContext } from '../method.ts'
import type { UnitPlan } from '../plan-units.ts'
import { assertPruned, figuresOf } from './pool.ts'

/** Bytes that are read at once. */
const PIECE = 4 * 2 ** 20

const MB = 2 ** 20

/** The raw elements of files that are counted and cut as they are; of all others numbers are made first. */
const ELEMENTS: Readonly<Record<string, Elements>> = { float32: float32Elements, float16: float16Elements, bfloat16: bfloat16Elements }

/**
 * Are the weights of the plan streamed? Throws `limit-exceeded` where they would have to be and cannot: where a unit or a score depends on weights all over a tensor that is
 * too large. Criteria that look at data need the model run, so that it is held in any case.
 */
export function isStreamed ({ recipe, streamAbove = Infinity }: StaticContext, { plan }: UnitPlan): boolean {
  const bytes = plan.prune.reduce((sum, { weights }) => sum + 4 * weights, 0)
  if (bytes <= streamAbove) return false
  const criterion: Criterion = CRITERIA[recipe.criterion ?? 'magnitude']
  if (criterion.observes !== undefined || calibratesFor(recipe) !== undefined || Number(recipe.options?.rounds ?? 1) > 1) return false
  const limit = `${Math.floor(streamAbove / MB)} MB are held at most; set ESPALIER_CHILD_MEMORY_MB higher`
  if (recipe.granularity.type !== 'weight') {
    const largest = plan.prune.reduce((most, tensor) => tensor.weights > most.weights ? tensor : most)
    if (4 * largest.weights <= streamAbove) return false
    throw new EspalierError('limit-exceeded', `${largest.name} has ${Math.ceil(4 * largest.weights / MB)} MB of weights, which granularity ${recipe.granularity.type} needs in memory; ${limit}, or use granularity weight`, { tensor: largest.name, bytes: 4 * largest.weights, limit: streamAbove })
  }
  if (!isStreamable(recipe.scope)) {
    throw new EspalierError('limit-exceeded', `${Math.ceil(bytes / MB)} MB of weights are to be pruned, which scope ${recipe.scope} needs in memory; ${limit}, or use scope global, layer or erk`, { bytes, limit: streamAbove })
  }
  if (recipe.target !== null && !('sparsity' in recipe.target) && !('threshold' in recipe.target)) {
    throw new EspalierError('limit-exceeded', `${Math.ceil(bytes / MB)} MB of weights are to be pruned, which a target of ${TARGET_NAMES.find((name) => name in recipe.target!)} needs in memory; ${limit}, or give a sparsity`, { bytes, limit: streamAbove })
  }
  return criterion.elementwise === true
}

/** Throws `nothing-pruned`, and `invalid-model` for NaN and infinity; nothing is written by then. */
export async function rankStreamed (context: StaticContext, plan: UnitPlan): Promise<MethodResult> {
  const { scope, seed, target, criterion: name = 'magnitude' } = context.recipe
  const criterion: Criterion = CRITERIA[name]
  const { sparsity } = target as { readonly sparsity: number }
  const sample = new Float32Array(1)
  const byMagnitude = criterion.score(sample, { observed: {}, seed: 0, place: 0, grouping: null }) === sample
  const score = (place: number) => byMagnitude ? undefined : scorer(criterion, seed, place)
  return await withRing(async (ring) => {
    const pool = poolOf(context, plan, ring, score)
    const report = await pruneStreamed(pool.map(({ streamed }) => streamed), { sparsity, scope, byMagnitude })
    return await resultOf(context, plan, pool, report, () => `sparsity ${sparsity} asks for ${report.asked}; ask for more`)
  })
}

/** As `rankStreamed`. */
export async function thresholdStreamed (context: StaticContext, plan: UnitPlan): Promise<MethodResult> {
  const { threshold, unit } = context.recipe.target as Extract<Target, { readonly threshold: number }>
  return await withRing(async (ring) => {
    const pool = poolOf(context, plan, ring)
    const limits = await inTurn(pool, async ({ planned, tensor }) => (planned.threshold ?? threshold) * (unit === 'std' ? await deviationOfChunks(() => tensor.chunks()) : 1))
    const report = await pruneStreamedThreshold(pool.map(({ streamed }, index) => ({ ...streamed, threshold: limits[index]! })))
    return await resultOf(context, plan, pool, report, async () => `the smallest magnitude that is left is ${await smallest(pool)}, the threshold ${threshold}`)
  })
}

interface Member { readonly planned: PlannedTensor, readonly tensor: FileTensor, readonly streamed: StreamedTensor }

type Score = (weights: Float32Array, first: number) => Float32Array

function poolOf ({ model, signal }: StaticContext, { plan }: UnitPlan, ring: Ring, scoreOf: (place: number) => Score | undefined = () => undefined): Member[] {
  const tensors = new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
  return plan.prune.map((planned, place) => {
    const tensor = withRaw(tensors.get(planned.key)!)
    const { name, layer, weights, shape, sparsity } = planned
    const raw = async function * (): AsyncGenerator<Uint8Array> {
      for await (const piece of tensor.raw(PIECE, ring)) {
        signal.throwIfAborted()
        yield piece
      }
    }
    const streamed = { name, layer, weights, shape, ...(sparsity !== undefined && { sparsity }), elements: elementsOf(tensor, scoreOf(place)), raw, ...(tensor.at && { at: tensor.at }) }
    return { planned, tensor, streamed }
  })
}

function plainElements ({ datatype }: FileTensor): Elements | undefined {
  return datatype.kind === 'float' && datatype.littleEndian ? ELEMENTS[datatype.format] : undefined
}

function elementsOf (tensor: FileTensor, score?: Score): Elements {
  const { datatype } = tensor
  const own = plainElements(tensor)
  if (score === undefined) return own ?? scoredElements(datatype.size, (raw) => decodeNumbers(raw, datatype))
  return scoredElements(datatype.size, (raw, first) => score(decodeNumbers(raw, datatype), first))
}

/** Weights that are not finite stand for themselves, so that they are found. */
function scorer (criterion: Criterion, seed: number, place: number): Score {
  return (weights, first) => {
    const scores = zerosFirst(weights, criterion.score(weights, { observed: {}, seed, place, first, grouping: null }))
    for (let index = 0; index < weights.length; index++) if (weights[index]! - weights[index]! !== 0) scores[index] = weights[index]!
    return scores
  }
}

async function resultOf (context: StaticContext, { plan }: UnitPlan, pool: readonly Member[], report: StreamedReport, hint: () => string | Promise<string>): Promise<MethodResult> {
  await assertPruned(report, hint)
  const { model, signal } = context
  const changes = new Map<string, StreamedChange>()
  const counts = new Map<string, ZeroCounts>()
  for (const [index, { planned, tensor, streamed }] of pool.entries()) {
    const { zerosBefore, zeros } = report.tensors[index]!
    counts.set(planned.key, { before: zerosBefore, after: zeros })
    const cut = report.cuts[index]!
    if (zeros > zerosBefore) changes.set(planned.key, changeOf(planned, streamed, cut!, createMade({ name: planned.name, weights: planned.weights, size: tensor.datatype.size, zeros, elements: plainElements(tensor) })))
  }
  for (const layer of model.layers) {
    for (const weight of layer.weights) {
      if (counts.has(weight.tensor.key)) continue
      signal.throwIfAborted()
      const zeros = sizeOf(weight.tensor.shape) - await countNonzeros(layer, weight)
      counts.set(weight.tensor.key, { before: zeros, after: zeros })
    }
  }
  const zeros = new Map([...counts].map(([key, { before }]) => [key, before]))
  return { changes: new Map(), streamed: { changes, counts }, layers: await layerRows(model, plan, report.tensors, new Map(), zeros), ...figuresOf(report) }
}

/** Its cut, noted as it is made. */
function changeOf ({ weights }: PlannedTensor, { elements }: StreamedTensor, cut: PlacedCut, made: Made): StreamedChange {
  return {
    length: weights,
    apply (first, raw) {
      elements.cut(raw, first, cut)
      made.note(first, raw)
    },
    check: made.check,
  }
}

/** One after the other: each reads its whole tensor. */
async function inTurn<T, R> (list: readonly T[], make: (one: T) => Promise<R>): Promise<R[]> {
  const made: R[] = []
  for (const one of list) made.push(await make(one))
  return made
}

async function smallest (pool: readonly Member[]): Promise<number> {
  let least = Infinity
  for (const { tensor } of pool) for await (const values of tensor.chunks()) for (const value of values) if (value !== 0) least = Math.min(least, Math.abs(value))
  return least
}
