/** Rounds of taking channels out and training: each on the model that the one before left. */
import type { Pruner } from '../../engine/prune/pruner.ts'
import { decodeCheckpoint, encodeCheckpoint } from '../../engine/train/checkpoint.ts'
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../../models/model.ts'
import { withValues } from '../../models/remade.ts'
import type { Recipe } from '../../pruning/recipe.ts'
import type { Choice } from '../../pruning/structure/choose.ts'
import { createCut, shrinkModel } from '../../pruning/structure/shrink.ts'
import type { Target } from '../../pruning/targets.ts'
import type { StaticContext, TrainingContext } from '../method.ts'
import type { BatchNormRecord, TrainingRecord } from '../receipt.ts'
import { recalibrate } from '../static/reach.ts'
import { coupleModel, type CoupledModel } from '../structured/channels.ts'
import { channelMeasure } from '../structured/measures.ts'
import { takeChannels } from '../structured/take.ts'
import { aroundCheckpoint, withinCheckpoint } from './nested-checkpoint.ts'
import type { OpenedExamples } from './open-examples.ts'
import { keptZeros } from './pool.ts'
import { partEpochs, joinTrainings, withinRounds } from './round-records.ts'
import type { PrunedOnce } from './run-pruning.ts'
import { trainingOf, trainModel, type TrainedModel } from './train-model.ts'

type Checkpoints = NonNullable<TrainingContext['checkpoints']>

/** What channels are ranked and measured with, as at methods that do not train. */
export type Looking = Pick<StaticContext, 'calibration'> & Required<Pick<StaticContext, 'engine'>>

export interface RoundsRequest {
  readonly examples: OpenedExamples
  readonly target: Exclude<Target, { readonly maxAccuracyDrop: number } | { readonly minAccuracy: number }>
  readonly looking: Looking
  readonly checkpoints?: Checkpoints
}

/** A cut of one round: the model before it, and the roots of the channels that went. */
export interface RoundCut { readonly coupled: CoupledModel, readonly gone: ReadonlySet<number> }

/** What is saved beside the training that is under way: by round, what went; and the trainings that are done. */
interface RoundsState { readonly gone: ReadonlyArray<readonly number[]>, readonly records: readonly TrainingRecord[] }

/** Throws what ranking, reaching the target and training throw; `job-paused` once its state is saved. */
export async function trainInRounds (context: TrainingContext, { examples, target, looking, checkpoints }: RoundsRequest): Promise<PrunedOnce> {
  const { recipe, model: given, signal } = context
  const training = trainingOf(context)
  const epochs = partEpochs(training.epochs, Number(recipe.options!.rounds))
  const resumed = await loadRounds(checkpoints)
  const gone = resumed.state.gone.map((roots) => [...roots])
  const records = [...resumed.state.records]
  let inner = resumed.inner
  const before = await rebuilt(given, recipe, gone)
  let { model } = before
  let removed = before.cuts.reduce((sum, cut) => sum + competingIn(cut), 0)
  let trained: TrainedModel | undefined
  let batchNorm: BatchNormRecord | undefined
  for (let round = records.length; round < epochs.length; round++) {
    signal.throwIfAborted()
    // A round that was under way when the run stopped has its channels taken out already; its weights come with the training's checkpoint.
    if (gone.length === round) {
      const own = lookingAt(model)
      const place = { round, rounds: epochs.length, removed }
      const followed = withShares(coupleModel(model, recipe), (share) => 1 - (1 - share) ** (1 / epochs.length))
      const taken = await takeChannels(own, { followed, targetOf: async (coupled, choice) => await roundTarget(target, own, coupled, choice, place) })
      gone.push([...taken.gone])
      removed += competingIn(taken)
      model = taken.model
    }
    const own = { ...context, model, recipe: { ...recipe, training: { ...training, epochs: epochs[round]! } } }
    const saves = savesRounds(checkpoints, { gone: gone.map((roots) => [...roots]), records: [...records] }, inner)
    inner = null
    const zeros = training.keepZeros ? await zerosOf(given, recipe, gone) : undefined
    trained = await trainModel(withinRounds(own, epochs, round), {
      examples, teacher: given, best: training.keep !== 'last', ...(zeros && { pruner: { keep: zeros, kinds: { train: {} } } }), ...(saves && { checkpoints: saves }),
    })
    records.push(trained.record)
    // Behind the training, which normalises by its batches: what was taken before it would not be of the weights that it ends with.
    const statistics = await recalibrate(lookingAt(model), trained.weights, model)
    trained = { ...trained, weights: statistics.changes }
    batchNorm = statistics.record
    model = withValues(model, trained.weights)
  }
  if (trained === undefined) throw new EspalierError('internal', 'no round was trained')
  return { trained: { ...trained, record: joinTrainings(records) }, updates: [], sparsity: 'channels' in target ? target.channels : null, gone, ...(batchNorm && { batchNorm }) }

  function lookingAt (one: ModelFile): StaticContext {
    return { recipe, model: one, signal, onProgress (progress) { context.onProgress(progress) }, ...looking }
  }
}

/** The rounds as they were saved, and the training to go on with; from the beginning without a checkpoint. */
async function loadRounds (checkpoints: Checkpoints | undefined): Promise<{ state: RoundsState, inner: Uint8Array | null }> {
  const bytes = await checkpoints?.load() ?? null
  if (bytes === null) return { state: { gone: [], records: [] }, inner: null }
  const { own, inner } = withinCheckpoint(bytes)
  const { position } = decodeCheckpoint(own)
  return { state: { gone: position.gone as RoundsState['gone'], records: position.records as RoundsState['records'] }, inner }
}

function savesRounds (checkpoints: Checkpoints | undefined, state: RoundsState, inner: Uint8Array | null): Checkpoints | undefined {
  if (checkpoints === undefined) return undefined
  const own = encodeCheckpoint({ position: { epoch: 0, step: 0, ...state }, arrays: [] })
  return { load: async () => inner, save: async (bytes, options) => await checkpoints.save(aroundCheckpoint(own, bytes), options) }
}

/** What was zero in the given model stays so; told by its values, so that a run that goes on finds the same. */
async function zerosOf (given: ModelFile, recipe: Recipe, gone: ReadonlyArray<readonly number[]>): Promise<NonNullable<Pruner['keep']>> {
  const { model } = await rebuilt(given, recipe, gone)
  const values = new Map(await Promise.all(model.layers.flatMap(({ weights }) => weights.map(async ({ tensor }): Promise<[string, Float32Array]> => [tensor.key, await tensor.read()]))))
  return (weight) => keptZeros(weight, values.get(weight.key)!)
}

/** Layers with a share of their own lose it over all rounds, the same part of what is left in each. */
function withShares (coupled: CoupledModel, change: (share: number) => number): CoupledModel {
  return { ...coupled, shares: new Map([...coupled.shares].map(([layer, share]) => [layer, change(share)])) }
}

/** How many of the channels that went competed, as no layer that makes them has a share of its own. */
function competingIn ({ coupled: { groups, shares }, gone }: RoundCut): number {
  const free = groups.filter(({ makers }) => !makers.some((maker) => shares.has(maker)))
  return free.reduce((sum, { channels }) => sum + channels.filter(({ root }) => gone.has(root)).length, 0)
}

/** What one round is to come to: in equal shares of what is left, so that the last round meets the target. */
async function roundTarget (
  target: RoundsRequest['target'], context: StaticContext, coupled: CoupledModel, { competing }: Choice, { round, rounds, removed }: { readonly round: number, readonly rounds: number, readonly removed: number }
): Promise<Target> {
  const left = rounds - round
  if ('channels' in target) {
    const wanted = (competing + removed) * (1 - (1 - target.channels) ** ((round + 1) / rounds))
    return { channels: Math.min(1 - 1e-9, Math.max(1e-9, (wanted - removed) / Math.max(competing, 1))) }
  }
  if (left === 1 || !('params' in target || 'macs' in target || 'peakMemory' in target || 'latency' in target || 'latencyMs' in target)) return target
  if ('latency' in target) return { latency: target.latency ** (1 / rounds) }
  const measure = await channelMeasure(target, context, coupled)
  measure.dispose?.()
  const step = measure.before * (measure.allowed / measure.before) ** (1 / left)
  return 'latencyMs' in target ? { latencyMs: step } : 'params' in target ? { params: Math.round(step) } : 'macs' in target ? { macs: Math.round(step) } : { peakMemory: Math.round(step) }
}

/** The model after cuts, by their roots, with the values of the given one; and what was cut where. */
export async function rebuilt (given: ModelFile, recipe: Recipe, gone: ReadonlyArray<readonly number[]>): Promise<{ model: ModelFile, cuts: RoundCut[] }> {
  let model = given
  const cuts: RoundCut[] = []
  for (const roots of gone) {
    const coupled = coupleModel(model, recipe)
    const cut = { coupled, gone: new Set(roots) }
    cuts.push(cut)
    model = await shrinkModel(model, createCut(coupled.structure, cut.gone))
  }
  return { model, cuts }
}
