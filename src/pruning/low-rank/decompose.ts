/** What a layer can be factorized into: for a share of its energy the way and the ranks with the fewest multiplications. */
import { energiesOf, tuckerFactors, tuckerOf } from './tucker.ts'
import { factorsOf, svdOf } from './svd.ts'

/** A kernel [positions, inputs, outputs] and where it is applied. */
export interface Kernel {
  readonly positions: number
  readonly inputs: number
  readonly outputs: number
  /** Places of an example that are read, and that are written, over all applications of the layer. */
  readonly placesIn: number
  readonly placesOut: number
}

/** `svd`: a layer of `rank` units, then the layer; `channel`: a convolution of `rank` filters, then a pointwise one; `tucker-2`: two pointwise ones around it. */
export type Kind = 'svd' | 'channel' | 'tucker-2'

export interface Ranks {
  readonly kind: Kind
  /** One rank, or those of inputs and outputs. */
  readonly rank: readonly number[]
  readonly macs: number
  readonly weights: number
  /** Of all squares of the kernel, those that stay, 0 to 1. */
  readonly energy: number
}

export interface Decomposition {
  /** The fewest multiplications that keep at least this share of the energy, 0 to 1; at least of rank 1. */
  least (energy: number): Ranks
  /** The kernels of the layers, in their order. */
  factors (ranks: Ranks): Float32Array[]
}

/** How far sums of squares are off by rounding. */
const ROUNDING = 1e-12

export function decompose (values: Float32Array, kernel: Kernel): Decomposition {
  return kernel.positions === 1 ? bySvd(values, kernel) : byConvolution(values, kernel)
}

function bySvd (values: Float32Array, { inputs, outputs, placesOut }: Kernel): Decomposition {
  const svd = svdOf(values, inputs, outputs)
  const kept = sums(svd.singular.map((value) => value ** 2))
  return {
    least (energy) {
      const rank = leastRank(kept, energy)
      const weights = rank * (inputs + outputs)
      return { kind: 'svd', rank: [rank], macs: placesOut * weights, weights, energy: share(kept, rank) }
    },
    factors ({ rank }) {
      const { left, right } = factorsOf(svd, values, rank[0]!)
      return [left, right]
    },
  }
}

function byConvolution (values: Float32Array, { positions, inputs, outputs, placesIn, placesOut }: Kernel): Decomposition {
  const tucker = tuckerOf(values, positions, inputs, outputs)
  const table = energiesOf(tucker)
  const whole = table.at(-1)!
  const at = (r: number, s: number): number => whole === 0 ? 1 : table[r * (outputs + 1) + s]! / whole
  const columns = svdOf(values, positions * inputs, outputs)
  const kept = sums(columns.singular.map((value) => value ** 2))
  const channel = (rank: number): Ranks => {
    const weights = rank * (positions * inputs + outputs)
    return { kind: 'channel', rank: [rank], macs: placesOut * weights, weights, energy: share(kept, rank) }
  }
  const twoSided = (r: number, s: number): Ranks => {
    const [first, rest] = [inputs * r, positions * r * s + s * outputs]
    return { kind: 'tucker-2', rank: [r, s], macs: placesIn * first + placesOut * rest, weights: first + rest, energy: at(r, s) }
  }
  return {
    least (energy) {
      let best = channel(leastRank(kept, energy))
      // The more inputs are kept, the fewer outputs it takes.
      let s = outputs
      for (let r = 1; r <= inputs; r++) {
        if (at(r, outputs) + ROUNDING < energy) continue
        while (s > 1 && at(r, s - 1) + ROUNDING >= energy) s--
        const one = twoSided(r, s)
        if (one.macs < best.macs) best = one
      }
      return best
    },
    factors ({ kind, rank }) {
      if (kind === 'channel') {
        const { left, right } = factorsOf(columns, values, rank[0]!)
        return [left, right]
      }
      const { first, core, last } = tuckerFactors(tucker, rank[0]!, rank[1]!)
      return [first, core, last]
    },
  }
}

/** Sums of the first 0, 1, 2, ... values. */
function sums (values: Float64Array): Float64Array {
  const result = new Float64Array(values.length + 1)
  values.forEach((value, at) => { result[at + 1] = result[at]! + value })
  return result
}

function share (kept: Float64Array, rank: number): number {
  return kept.at(-1) === 0 ? 1 : kept[rank]! / kept.at(-1)!
}

function leastRank (kept: Float64Array, energy: number): number {
  let rank = 1
  while (rank < kept.length - 1 && share(kept, rank) + ROUNDING < energy) rank++
  return rank
}
