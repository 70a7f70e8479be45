/** Lets weights share values within a chain, trains the values where it is told to, and weighs what a Huffman code makes of it. */
import type { Pruner } from '../../engine/prune/pruner.ts'
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { clusterValues, sharedValues, type Clustered } from '../../pruning/cluster/cluster.ts'
import { entropyOf, packedBytes, packShared, unpackShared } from '../../pruning/cluster/packed.ts'
import { matches } from '../../pruning/glob.ts'
import { assertPlan, planPruning, type PlannedTensor } from '../../pruning/plan.ts'
import { assertFinite } from '../../pruning/selection/finite.ts'
import type { ClusterSettings } from '../../pruning/stages/cluster.ts'
import type { Training } from '../../pruning/training/training.ts'
import { openExamples } from '../dynamic/open-examples.ts'
import { keptZeros } from '../dynamic/pool.ts'
import { trainModel, type TrainedModel } from '../dynamic/train-model.ts'
import type { Stage, StageContext } from './stage.ts'
import { trainingContext } from './training-context.ts'

interface SharedTensor extends Clustered { readonly tensor: PlannedTensor, readonly clusters: number }

interface Skipped { readonly layer: string, readonly role: string, readonly reason: string }

export const cluster: Stage = {
  async run (context: StageContext, settings: ClusterSettings) {
    const { planned, skipped } = choose(context.model, settings)
    const shared = await shareAll(context, planned, settings)
    const changes = new Map(shared.map((one) => [one.tensor.key, sharedValues(one)]))
    const trained = settings.training === null ? null : await trainShared(context, settings.training, shared, changes)
    return {
      changes: trained === null ? changes : await changedIn(context.model, trained.weights),
      record: { ...recordOf(context.model, shared), skipped, ...(trained && { training: trained.record }) },
    }
  },
}

/** Throws `invalid-recipe` for rules that match nothing, and `nothing-pruned` where no tensor may share values. */
function choose (model: ModelFile, { layers, training }: ClusterSettings): { readonly planned: readonly PlannedTensor[], readonly skipped: readonly Skipped[] } {
  const plan = planPruning(model.layers, { layers, target: null })
  assertPlan(plan)
  const rules = new Map(model.layers.map(({ path, layer }) => [path, layer.rules]))
  const left = plan.prune.flatMap(({ layer, role }): Skipped[] => training !== null && rules.get(layer)?.[role]?.constraint !== undefined
    ? [{ layer, role, reason: 'it has a constraint, which would take its weights apart in training' }]
    : [])
  const planned = plan.prune.filter(({ layer, role }) => !left.some((one) => one.layer === layer && one.role === role))
  if (planned.length === 0) throw new EspalierError('nothing-pruned', 'the stage cluster finds no tensor whose weights may share values')
  return { planned, skipped: [...plan.skip.filter(({ prunable }) => prunable).map(({ layer, role, reason }) => ({ layer, role, reason })), ...left] }
}

/** Throws `invalid-model` for weights that are not finite. */
async function shareAll ({ model, signal, recipe: { seed } }: StageContext, planned: readonly PlannedTensor[], settings: ClusterSettings): Promise<SharedTensor[]> {
  const stored = new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
  const shared: SharedTensor[] = []
  for (const tensor of planned) {
    signal.throwIfAborted()
    const values = await stored.get(tensor.key)!.read()
    assertFinite(tensor.name, values)
    const own = settings.layers.findLast(({ match }) => matches(match, tensor.layer) || matches(match, tensor.name))
    const clusters = own?.clusters ?? settings.clusters
    shared.push({ ...clusterValues(values, { clusters, init: settings.init, seed }), tensor, clusters })
  }
  return shared
}

async function trainShared (context: StageContext, training: Training, shared: readonly SharedTensor[], changes: ReadonlyMap<string, Float32Array>): Promise<TrainedModel> {
  const byKey = new Map(shared.map((one) => [one.tensor.key, one]))
  const pruner: Pruner = { shares: ({ key }) => byKey.get(key), keep: keptZeros, kinds: { train: {} } }
  const trainee = await trainingContext(context, training)
  return await trainModel(trainee, {
    examples: await openExamples(trainee), changes, pruner, best: training.keep === 'best',
    ...(trainee.teacher && { teacher: trainee.teacher }),
  })
}

/** Only what training moved, so that the rest of the file stays as it is. */
async function changedIn (model: ModelFile, weights: ReadonlyMap<string, Float32Array>): Promise<Map<string, Float32Array>> {
  const changed = new Map<string, Float32Array>()
  for (const { tensor } of model.layers.flatMap((layer) => layer.weights)) {
    const values = weights.get(tensor.key)
    if (values === undefined) continue
    const before = await tensor.read()
    if (values.some((value, at) => value !== before[at])) changed.set(tensor.key, values)
  }
  return changed
}

/** A size is told of what unpacks to the very indices. */
function recordOf ({ layers }: ModelFile, shared: readonly SharedTensor[]): Record<string, unknown> {
  const rows = shared.map((one) => {
    const { tensor, clusters, used, zeros, meanSquaredError, indices } = one
    const packed = packShared(one)
    const unpacked = unpackShared(packed)
    if (unpacked.some((index, at) => index !== indices[at])) throw new EspalierError('verification-failed', `the shared weights of ${tensor.name} do not unpack to what was packed`, { layer: tensor.layer })
    return { layer: tensor.layer, role: tensor.role, clusters, used, zeros, meanSquaredError, entropyBits: entropyOf(one), huffmanBytes: packedBytes(packed) }
  })
  const dense = 4 * layers.reduce((sum, { weights }) => sum + weights.reduce((own, { tensor }) => own + sizeOf(tensor.shape), 0), 0)
  const others = dense - 4 * shared.reduce((sum, { tensor }) => sum + tensor.weights, 0)
  const huffmanBytes = others + rows.reduce((sum, row) => sum + row.huffmanBytes, 0)
  return { layers: rows, huffmanBytes, ratio: dense / huffmanBytes }
}
