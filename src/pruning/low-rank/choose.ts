/** Which layers get which ranks: by the energy that every layer keeps, or by the multiplications that all of them may have together. */
import type { Candidate } from './candidates.ts'
import type { Decomposition, Ranks } from './decompose.ts'

export interface Decomposed extends Candidate { readonly decomposition: Decomposition }

/** What a layer becomes; null where that saves no multiplications. */
export interface Choice { readonly layer: Decomposed, readonly ranks: Ranks | null }

export function chooseByEnergy (layers: readonly Decomposed[], energy: number): Choice[] {
  return layers.map((layer) => {
    const ranks = layer.decomposition.least(energy)
    return { layer, ranks: ranks.macs < layer.macs ? ranks : null }
  })
}

/** More halvings than it takes to tell two ranks of a kernel apart. */
const HALVINGS = 60

/** The largest energy with which the layers have at most so many multiplications together; null when they have more even at rank 1. */
export function chooseByMacs (layers: readonly Decomposed[], allowed: number): { energy: number, choices: Choice[] } | null {
  if (macsOf(chooseByEnergy(layers, 0)) > allowed) return null
  let [low, high] = [0, 1]
  for (let step = 0; step < HALVINGS && high - low > Number.EPSILON; step++) {
    const middle = (low + high) / 2
    if (macsOf(chooseByEnergy(layers, middle)) <= allowed) low = middle
    else high = middle
  }
  return { energy: low, choices: chooseByEnergy(layers, low) }
}

/** Multiplications of all layers, of those that stay as they are too. */
export function macsOf (choices: readonly Choice[]): number {
  return choices.reduce((sum, { layer, ranks }) => sum + (ranks?.macs ?? layer.macs), 0)
}
