/** What a scope is: it says which weights compete with which, and for how many zeros. */
import type { LayerCurve } from './sensitivity.ts'

/** What a scope needs to know of a tensor: how many weights of which layer, in what shape (without one: a vector). */
export interface Competitor { readonly layer: string, readonly weights: number, readonly shape?: readonly number[] }

/** Tensors (by their index in the pool) that share `zeros` zeros among them. */
export interface Competition { readonly members: readonly number[], readonly zeros: number }

export interface Scope {
  readonly description: string
  /** Do the weights of all layers compete? Then no layer has a sparsity of its own. */
  readonly isGlobal: boolean
  /** What weights are ranked by in place of their scores, tensor by tensor; without it, the scores themselves. Keeps their order within a tensor. */
  score? (scores: Float32Array, outputOf?: Int32Array): Float32Array
  /** Does `score` need to know which element belongs to which output? Then single weights compete. */
  readonly byOutput?: true
  /** Does it need the loss with each layer pruned alone? */
  readonly scans?: true
  /** Every tensor of `pool` is a member of just one competition. `curves`: of scopes that scan. */
  allocate (pool: readonly Competitor[], sparsity: number, curves?: readonly LayerCurve[]): Competition[]
}

/** The zeros that are meant by a share of `weights`: rounded half up, so that 90 % of N is exact wherever it is whole. */
export function zerosFor (sparsity: number, weights: number): number {
  return Math.min(weights, Math.floor(sparsity * weights + 0.5))
}

/** One competition of these members of the pool. */
export function competitionOf (pool: readonly Competitor[], members: readonly number[], sparsity: number): Competition {
  return { members, zeros: zerosFor(sparsity, members.reduce((sum, index) => sum + pool[index]!.weights, 0)) }
}

/** Indices of tensors, a list for each layer; layers and tensors in the order they come in. */
export function membersByLayer (tensors: ReadonlyArray<Pick<Competitor, 'layer'>>): number[][] {
  const layers = new Map<string, number[]>()
  for (const [index, { layer }] of tensors.entries()) {
    const members = layers.get(layer)
    if (members === undefined) layers.set(layer, [index])
    else members.push(index)
  }
  return [...layers.values()]
}
