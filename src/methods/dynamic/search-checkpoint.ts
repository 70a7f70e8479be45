/** A search as bytes: what it found so far, the weights of its best attempt, and the checkpoint of the training that is under way. */
import { decodeCheckpoint, encodeCheckpoint, type StoredArray } from '../../engine/train/checkpoint.ts'
import type { TrainingContext } from '../method.ts'
import type { SearchRecord } from '../receipt.ts'
import { aroundCheckpoint, withinCheckpoint } from './nested-checkpoint.ts'
import type { PrunedOnce } from './run-pruning.ts'

export interface SearchState {
  /** In the order of the attempts. */
  readonly curve: SearchRecord['curve']
  readonly best: { readonly sparsity: number, readonly pruned: PrunedOnce } | null
}

type Checkpoints = NonNullable<TrainingContext['checkpoints']>

/** The search as it was saved, and the training to go on with; from the beginning without a checkpoint. Throws as `decodeCheckpoint` does. */
export async function loadSearch (checkpoints: Checkpoints | undefined): Promise<{ state: SearchState, inner: Uint8Array | null }> {
  const bytes = await checkpoints?.load() ?? null
  return bytes === null ? { state: { curve: [], best: null }, inner: null } : decodeSearch(bytes)
}

/** The checkpoints of one training, each with the search around it; `inner`: what the training goes on from. */
export function savesSearch (checkpoints: Checkpoints | undefined, state: () => SearchState, inner: Uint8Array | null): Checkpoints | undefined {
  if (checkpoints === undefined) return undefined
  return {
    load: async () => inner,
    save: async (bytes, options) => await checkpoints.save(encodeSearch(state(), bytes), options),
  }
}

export function encodeSearch ({ curve, best }: SearchState, inner: Uint8Array): Uint8Array {
  const { weights, ...trained } = best?.pruned.trained ?? { weights: new Map<string, Float32Array>() }
  const arrays = [...weights].map(([name, values]): StoredArray => ({ name, dtype: 'float32', shape: [values.length], values }))
  const kept = best === null ? null : { sparsity: best.sparsity, trained, updates: best.pruned.updates, ...(best.pruned.gone && { gone: best.pruned.gone }), ...(best.pruned.batchNorm && { batchNorm: best.pruned.batchNorm }) }
  return aroundCheckpoint(encodeCheckpoint({ position: { epoch: 0, step: 0, curve, best: kept }, arrays }), inner)
}

interface KeptBest { readonly sparsity: number, readonly trained: Omit<PrunedOnce['trained'], 'weights'>, readonly updates: PrunedOnce['updates'], readonly gone?: PrunedOnce['gone'], readonly batchNorm?: PrunedOnce['batchNorm'] }

function decodeSearch (bytes: Uint8Array): { state: SearchState, inner: Uint8Array } {
  const { own, inner } = withinCheckpoint(bytes)
  const { position, arrays } = decodeCheckpoint(own)
  const kept = position.best as KeptBest | null
  const weights = new Map(arrays.map(({ name, values }) => [name, values as Float32Array]))
  return {
    state: {
      curve: position.curve as SearchState['curve'],
      best: kept && { sparsity: kept.sparsity, pruned: { trained: { ...kept.trained, weights } as PrunedOnce['trained'], updates: kept.updates, sparsity: kept.sparsity, ...(kept.gone && { gone: kept.gone }), ...(kept.batchNorm && { batchNorm: kept.batchNorm }) } },
    },
    inner,
  }
}
