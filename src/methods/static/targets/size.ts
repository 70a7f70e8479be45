/** The least sparsity that brings a size down to what is asked: parameters, multiplications or bytes. */
import { EspalierError } from '../../../errors.ts'
import { whyNoGraph } from '../../../models/architecture/no-graph.ts'
import { countsOf, countTensors } from '../../../models/counts.ts'
import { sparseBytes } from '../../../pruning/sparse.ts'
import { allowedOf, type Target } from '../../../pruning/targets.ts'
import type { StaticContext } from '../../method.ts'
import type { SearchRecord } from '../../receipt.ts'
import { leastZeros, type Tried } from '../../search-curve.ts'
import { changesOf, competing, type Pruner } from '../pruner.ts'

type SizeTarget = Extract<Target, { readonly params: number } | { readonly macs: number } | { readonly bytes: number }>

interface Measure {
  readonly metric: string
  readonly allowed: number
  readonly before: number
  /** Counting costs next to nothing; writing a file does. */
  readonly attempts: number
  /** So near below what is allowed is near enough. */
  readonly tolerance: number
  of (sparsity: number): Promise<number>
}

/** Of the weights that stay, so much is near enough to a size in bytes: each further try writes the whole file. */
const NEAR = 0.005

/** More halvings than a number of weights has. */
const COUNTED = 64

/** Throws `target-missed` when even the last weight does not bring it down, and `nothing-pruned` when it is down already. */
export async function bringDown (target: SizeTarget, context: StaticContext, pruner: Pruner): Promise<{ sparsity: number, search: SearchRecord }> {
  const { signal, recipe: { granularity } } = context
  const weights = competing(pruner.pool)
  const { metric, allowed, before, attempts, tolerance, of } = await measureFor(target, context, pruner)
  if (before <= allowed) throw new EspalierError('nothing-pruned', `the model has ${before} ${metric} already, ${allowed} are allowed: ask for less`, { before, allowed })
  const most = granularity.type === 'n:m' ? Math.floor(weights * (1 - granularity.n / granularity.m)) : weights - 1
  const tried: Tried[] = []
  const at = async (zeros: number): Promise<Tried> => {
    signal.throwIfAborted()
    const one = { zeros, value: await of(zeros / weights) }
    tried.push(one)
    return one
  }
  const least = await at(most)
  if (least.value > allowed) {
    throw new EspalierError('target-missed', `at most ${allowed} ${metric} are asked for, but ${least.value} of ${before} stay when ${most} of the ${weights} weights that compete are zero: ask for more, or let other weights go too ("layers")`, { allowed, reached: least.value })
  }
  const below = await leastZeros({ above: { zeros: 0, value: before }, below: least, allowed, nearEnough: tolerance === 0 ? Infinity : (1 - tolerance) * allowed, attempts: attempts - 1 }, at)
  const curve = tried.map(({ zeros, value }) => ({ sparsity: zeros / weights, value, held: value <= allowed })).sort((a, b) => a.sparsity - b.sparsity)
  const chosen = below.zeros / weights
  return { sparsity: chosen, search: { metric, goal: 'least', examples: null, baseline: before, allowed, curve, chosen } }
}

async function measureFor (target: SizeTarget, context: StaticContext, pruner: Pruner): Promise<Measure> {
  const { model, recipe, weigh } = context
  if ('bytes' in target && target.as !== 'sparse') {
    if (weigh === undefined) throw new EspalierError('internal', 'a target of bytes was given nothing to weigh with')
    const of = async (sparsity: number): Promise<number> => await weigh(changesOf(pruner.pool, await pruner.prune(sparsity)), target.as as 'gzip' | 'file')
    return { metric: target.as === 'file' ? 'bytes of the file' : 'bytes after gzip', allowed: target.bytes, before: await weigh(new Map(), target.as), attempts: recipe.search!.attempts, tolerance: NEAR, of }
  }
  const given = await countTensors(model)
  const counted = { attempts: COUNTED, tolerance: 0 }
  const countsAt = async (sparsity: number): Promise<ReturnType<typeof countsOf>> => {
    const nonzeros = new Map(given)
    for (const [index, { weights, zeros }] of (await pruner.preview(sparsity)).entries()) nonzeros.set(pruner.pool.members[index]!.key, weights - zeros)
    return countsOf(model, nonzeros)
  }
  const before = countsOf(model, given)
  if ('params' in target) return { ...counted, metric: 'parameters', allowed: allowedOf(target.params, before.nonzeros), before: before.nonzeros, of: async (sparsity) => (await countsAt(sparsity)).nonzeros }
  if ('bytes' in target) return { ...counted, metric: 'bytes sparse', allowed: target.bytes, before: sparseBytes(before.weights, before.nonzeros), of: async (sparsity) => sparseBytes(before.weights, (await countsAt(sparsity)).nonzeros) }
  if (before.effectiveMacs === null) throw new EspalierError('unsupported-layer', `multiplications are counted along the layer graph: ${whyNoGraph(model.architecture)}; give {"sparsity": number} or {"params": number}`)
  return { ...counted, metric: 'multiplications', allowed: allowedOf(target.macs, before.effectiveMacs), before: before.effectiveMacs, of: async (sparsity) => (await countsAt(sparsity)).effectiveMacs! }
}
