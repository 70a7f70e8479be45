/** The least sparsity that brings a size down to what is asked: parameters, multiplications or bytes. */
import { EspalierError } from '../../../errors.ts'
import { whyNoGraph } from '../../../models/architecture/no-graph.ts'
import { countsOf, countTensors } from '../../../models/counts.ts'
import { sparseBytes } from '../../../pruning/sparse.ts'
import { allowedOf, type Target } from '../../../pruning/targets.ts'
import type { StaticContext } from '../../method.ts'
import type { SearchRecord } from '../../receipt.ts'
import { COUNTED, nearBytes, searchLeast, type SizeMeasure } from '../../search-least.ts'
import { changesOf, competing, type Pruner } from '../pruner.ts'

type SizeTarget = Extract<Target, { readonly params: number } | { readonly macs: number } | { readonly bytes: number }>

interface Measure extends SizeMeasure { of (sparsity: number): Promise<number> }

/** Throws `target-missed` when even the last weight does not bring it down, and `nothing-pruned` when it is down already. */
export async function bringDown (target: SizeTarget, context: StaticContext, pruner: Pruner): Promise<{ sparsity: number, search: SearchRecord }> {
  const { signal, recipe: { granularity } } = context
  const weights = competing(pruner.pool)
  const measure = await measureFor(target, context, pruner)
  const most = granularity.type === 'n:m' ? Math.floor(weights * (1 - granularity.n / granularity.m)) : weights - 1
  const { count, search } = await searchLeast({
    measure, competing: weights, most, signal, of: async (zeros) => await measure.of(zeros / weights),
    advice: `${most} of the ${weights} weights that compete are zero: ask for more, or let other weights go too ("layers")`,
  })
  return { sparsity: count / weights, search }
}

async function measureFor (target: SizeTarget, context: StaticContext, pruner: Pruner): Promise<Measure> {
  const { model, recipe, weigh } = context
  if ('bytes' in target && target.as !== 'sparse') {
    if (weigh === undefined) throw new EspalierError('internal', 'a target of bytes was given nothing to weigh with')
    const of = async (sparsity: number): Promise<number> => await weigh(changesOf(pruner.pool, await pruner.prune(sparsity)), target.as as 'gzip' | 'file')
    return { metric: target.as === 'file' ? 'bytes of the file' : 'bytes after gzip', allowed: target.bytes, before: await weigh(new Map(), target.as), attempts: recipe.search!.attempts, nearEnough: nearBytes(target.bytes), of }
  }
  const given = await countTensors(model)
  const countsAt = async (sparsity: number): Promise<ReturnType<typeof countsOf>> => {
    const nonzeros = new Map(given)
    for (const [index, { weights, zeros }] of (await pruner.preview(sparsity)).entries()) nonzeros.set(pruner.pool.members[index]!.key, weights - zeros)
    return countsOf(model, nonzeros)
  }
  const before = countsOf(model, given)
  if ('params' in target) return { ...COUNTED, metric: 'parameters', allowed: allowedOf(target.params, before.nonzeros), before: before.nonzeros, of: async (sparsity) => (await countsAt(sparsity)).nonzeros }
  if ('bytes' in target) return { ...COUNTED, metric: 'bytes sparse', allowed: target.bytes, before: sparseBytes(before.weights, before.nonzeros), of: async (sparsity) => sparseBytes(before.weights, (await countsAt(sparsity)).nonzeros) }
  if (before.effectiveMacs === null) throw new EspalierError('unsupported-layer', `multiplications are counted along the layer graph: ${whyNoGraph(model.architecture)}; give {"sparsity": number} or {"params": number}`)
  return { ...COUNTED, metric: 'multiplications', allowed: allowedOf(target.macs, before.effectiveMacs), before: before.effectiveMacs, of: async (sparsity) => (await countsAt(sparsity)).effectiveMacs! }
}
