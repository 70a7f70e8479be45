/** One competition: where its ranking is cut, of single weights or of units of them, and what the cut does to its tensors. */
import type { Criterion } from './criteria/index.ts'
import type { Grouping } from './granularity/index.ts'
import { applyCut, assertFinite, findCut } from './select.ts'
import { countZeros } from './sparse.ts'
import { goneUnits, scoreUnits } from './units.ts'
import { zerosFirst } from './zeros-first.ts'

/** A tensor in a competition. */
export interface Contender {
  readonly name: string
  readonly values: Float32Array
  /** Of its elements; its own values where weights are ranked by magnitude. */
  readonly scores: Float32Array
  readonly grouping?: Grouping | null
  /** Element -> output, for scopes that ask for it. */
  readonly outputOf?: Int32Array
}

export interface CutOptions {
  readonly units?: Criterion['units']
  /** Scores in place of the scores, tensor by tensor (see Scope). */
  readonly weigh?: (scores: Float32Array, outputOf?: Int32Array) => Float32Array
}

export interface AppliedCut { readonly zerosBefore: number, readonly zeros: number }

export interface PoolCut {
  /** That are asked, as near as whole units come. */
  readonly zeros: number
  /** The largest magnitude that goes; null where nothing does, or where something else ranks. */
  readonly threshold: number | null
  /** Sets to +0 what goes, and counts tensor by tensor. */
  apply (): AppliedCut[]
}

/** Nothing is changed before `apply`. Throws `invalid-model` for what is NaN or infinite. */
export function cutOf (contenders: readonly Contender[], zeros: number, options: CutOptions): PoolCut {
  return contenders.some(({ grouping }) => grouping !== undefined && grouping !== null) ? cutUnits(contenders, zeros, options) : cutWeights(contenders, zeros, options)
}

function cutWeights (contenders: readonly Contender[], zeros: number, { weigh }: CutOptions): PoolCut {
  const ranked = contenders.map(({ name, values, scores, outputOf }) => {
    const own = scores === values ? scores : zerosFirst(values, scores)
    return { name, scores: weigh === undefined ? own : weighed(name, own, (given) => weigh(given, outputOf)) }
  })
  const cut = findCut(ranked, zeros)
  const byMagnitude = weigh === undefined && contenders.every(({ values, scores }) => scores === values)
  return {
    zeros,
    threshold: byMagnitude ? cut?.magnitude ?? null : null,
    apply () {
      let ties = cut?.ties ?? 0
      return contenders.map(({ values }, index) => {
        const applied = applyCut(values, ranked[index]!.scores, cut, ties)
        ties -= applied.ties
        return { zerosBefore: applied.zerosBefore, zeros: applied.zeros }
      })
    },
  }
}

function cutUnits (contenders: readonly Contender[], asked: number, { units, weigh }: CutOptions): PoolCut {
  const scored = contenders.map(({ scores, grouping }) => scoreUnits(scores, grouping ?? null, units))
  const ranked = scored.map(({ scores, removed }, index) => {
    const { name } = contenders[index]!
    return { name, removed, scores: weigh === undefined ? scores : weighed(name, scores, weigh) }
  })
  const { gone, zeros } = goneUnits(ranked, asked)
  return {
    zeros,
    threshold: null,
    apply: () => contenders.map(({ values }, index) => {
      const zerosBefore = countZeros(values)
      scored[index]!.remove(values, gone[index]!)
      return { zerosBefore, zeros: countZeros(values) }
    }),
  }
}

function weighed (name: string, scores: Float32Array, weigh: (scores: Float32Array) => Float32Array): Float32Array {
  assertFinite(name, scores)
  return weigh(scores)
}
