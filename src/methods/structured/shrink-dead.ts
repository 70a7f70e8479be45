/** After a method that zeroes weights: channels that died whole are taken out of the model, which computes the same. */
import * as tf from '@tensorflow/tfjs-core'
import { activate } from '../../engine/layers/activations.ts'
import { EspalierError } from '../../errors.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { sizeOf } from '../../models/tensor.ts'
import { countZeros } from '../../pruning/sparse.ts'
import { coupleChannels } from '../../pruning/structure/couple.ts'
import { findDead, type GivenModel, type Stay } from '../../pruning/structure/dead.ts'
import { groupChannels } from '../../pruning/structure/groups.ts'
import { createCut, shrinkModel } from '../../pruning/structure/shrink.ts'
import type { JobInput } from '../job-types.ts'
import type { MethodResult } from '../method.ts'
import { structureRecord } from './record.ts'

/**
 * The result with a model of its own and no changes where a channel could go, else as it was; notes say what stays and why. Throws `invalid-recipe` for a model that was
 * streamed. Layers and pool stay as the method counted them.
 */
export async function shrinkDead ({ engine, signal }: Pick<JobInput, 'engine' | 'signal'>, model: ModelFile, result: MethodResult): Promise<MethodResult> {
  if (result.streamed !== undefined) throw new EspalierError('invalid-recipe', '"shrink" needs the weights in memory, and this model is so large that they were streamed: leave "shrink" out')
  await engine()
  const given = await readWeights(model, result.changes, signal)
  const { gone, changed, stays } = findDead(given)
  const notes = [...result.notes ?? [], ...notesOf(gone.size, stays)]
  if (gone.size === 0) return { ...result, notes }
  const keys = new Map(model.layers.flatMap(({ path, weights }) => weights.map(({ role, tensor }) => [`${path}\n${role}`, tensor.key] as const)))
  const folded = [...changed].flatMap(([layer, roles]) => [...roles].map(([role, values]) => [keys.get(`${layer}\n${role}`)!, values] as const))
  const made = await shrinkModel(model, createCut(given.structure, gone), new Map([...result.changes, ...folded]))
  const groups = groupChannels(given.structure)
  return {
    ...result,
    model: made,
    changes: new Map(),
    pool: { ...result.pool, after: await countPool(made, result.competed) },
    structure: structureRecord({ model, structure: given.structure, groups, shares: new Map() }, gone),
    notes,
  }
}

/** All weights as the method leaves them. */
async function readWeights ({ architecture, layers }: ModelFile, changes: HeldChanges, signal: AbortSignal): Promise<GivenModel> {
  const weights = new Map<string, ReturnType<GivenModel['weight']>>()
  for (const { path, weights: own } of layers) {
    for (const { role, tensor } of own) {
      signal.throwIfAborted()
      weights.set(`${path}\n${role}`, { shape: tensor.shape, values: changes.get(tensor.key) ?? await tensor.read(), narrow: tensor.type !== 'float32' && tensor.type !== 'float64' })
    }
  }
  return {
    structure: coupleChannels(architecture),
    weight: (layer, role) => weights.get(`${layer}\n${role}`),
    activate: (activation, values) => tf.tidy(() => activate(activation, tf.tensor1d(values)).dataSync()),
  }
}

/** Weights of the pool that are left, and how many of them are zero. */
async function countPool ({ layers }: ModelFile, names: readonly string[] = []): Promise<{ weights: number, zeros: number }> {
  const inPool = new Set(names)
  const tensors = layers.flatMap(({ path, weights }) => weights.filter(({ role }) => inPool.has(`${path}/${role}`)).map(({ tensor }) => tensor))
  let zeros = 0
  for (const tensor of tensors) for await (const values of tensor.chunks()) zeros += countZeros(values)
  return { weights: tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0), zeros }
}

/** Reasons are listed up to so many layers; models have hundreds. */
const MAX_LISTED = 12

function notesOf (gone: number, stays: readonly Stay[]): string[] {
  const listed = stays.slice(0, MAX_LISTED).map(({ layer, channels, reason }) => `shrink: ${channels === 1 ? '1 channel' : `${channels} channels`} of ${layer} ${channels === 1 ? 'depends on no input, but stays' : 'depend on no input, but stay'}: ${reason}`)
  const more = stays.slice(MAX_LISTED).reduce((sum, { channels }) => sum + channels, 0)
  return [
    ...gone > 0 ? [] : [`shrink: no channel was taken out: ${stays.length === 0 ? 'none died whole, as the zeros lie scattered; "granularity": {"type": "channel"} or a method for channels makes whole ones' : 'those that died have to stay'}`],
    ...listed,
    ...more > 0 ? [`shrink: so do ${more} channels of other layers`] : [],
  ]
}
