/** What a model without some of its channels comes to: parameters, multiplications, bytes, milliseconds. */
import { measureLatency } from '../../engine/latency.ts'
import { createPredictor } from '../../engine/predict.ts'
import { EspalierError } from '../../errors.ts'
import { countModel } from '../../models/counts.ts'
import { peakLayerBytes } from '../../models/layer-memory.ts'
import type { ModelFile } from '../../models/model.ts'
import { sparseBytes } from '../../pruning/sparse.ts'
import { createCut, shrinkModel, type Cut } from '../../pruning/structure/shrink.ts'
import { allowedOf, type Target } from '../../pruning/targets.ts'
import type { StaticContext } from '../method.ts'
import { randomInputs } from '../random-inputs.ts'
import { COUNTED, nearBytes, type SizeMeasure } from '../search-least.ts'
import type { CoupledModel } from './channels.ts'
import { architectureAfter, sizesAfter, sizesOfArchitecture } from './sizes.ts'

export type MeasuredTarget = Extract<Target, { readonly params: number } | { readonly macs: number } | { readonly peakMemory: number } | { readonly bytes: number } | { readonly latency: number } | { readonly latencyMs: number }>

export interface ChannelMeasure extends SizeMeasure {
  of (gone: ReadonlySet<number>): Promise<number>
  dispose? (): void
}

/** Of what is allowed, so much is near enough to milliseconds. */
const NEAR_TIME = 0.03

type Context = Pick<StaticContext, 'recipe' | 'weigh' | 'engine' | 'signal'>

export async function channelMeasure (target: MeasuredTarget, context: Context, { model, structure }: CoupledModel): Promise<ChannelMeasure> {
  const cutOf = (gone: ReadonlySet<number>): Cut => createCut(structure, gone)
  const shrunk = async (gone: ReadonlySet<number>): Promise<ModelFile> => await shrinkModel(model, cutOf(gone))
  if ('params' in target || 'macs' in target) {
    const [name, asked] = 'params' in target ? ['params', target.params] as const : ['macs', target.macs] as const
    const before = sizesOfArchitecture(model.architecture)[name]
    return { metric: name === 'params' ? 'parameters' : 'multiplications', allowed: allowedOf(asked, before), before, ...COUNTED, of: async (gone) => sizesAfter(model, cutOf(gone))[name] }
  }
  if ('peakMemory' in target) {
    const before = peakLayerBytes(model.architecture.graph!)
    return { metric: 'bytes of activations at once', allowed: allowedOf(target.peakMemory, before), before, ...COUNTED, of: async (gone) => peakLayerBytes(architectureAfter(model, cutOf(gone)).graph!) }
  }
  const { attempts } = context.recipe.search ?? COUNTED
  if ('latency' in target || 'latencyMs' in target) return await latencyMeasure((before) => 'latency' in target ? target.latency * before : target.latencyMs, context, model, shrunk, attempts)
  const { bytes: allowed, as } = target
  if (as === 'sparse') {
    const of = async (one: ModelFile): Promise<number> => {
      const { weights, nonzeros } = await countModel(one)
      return sparseBytes(weights, nonzeros)
    }
    return { metric: 'bytes sparse', allowed, before: await of(model), ...COUNTED, of: async (gone) => await of(await shrunk(gone)) }
  }
  const { weigh } = context
  if (weigh === undefined) throw new EspalierError('internal', 'a target of bytes was given nothing to weigh with')
  return {
    metric: as === 'file' ? 'bytes of the file' : 'bytes after gzip', allowed, before: await weigh(new Map(), as, model), attempts, nearEnough: nearBytes(allowed),
    of: async (gone) => await weigh(new Map(), as, await shrunk(gone)),
  }
}

/** Medians of runs in turn with the given model, so that what slows the machine down for a while slows both: what counts is its time then, as a share of its time at first. */
async function latencyMeasure (allowedOf: (before: number) => number, { engine, signal, recipe }: Context, model: ModelFile, shrunk: (gone: ReadonlySet<number>) => Promise<ModelFile>, attempts: number): Promise<ChannelMeasure> {
  if (engine === undefined) throw new EspalierError('internal', 'a target of latency was given nothing to run the model with')
  const { tf } = await engine()
  const inputs = randomInputs(model.architecture.graph!, 1, recipe.seed)
  const given = await createPredictor(tf, model)
  const p50s = async (models: readonly ModelFile[]): Promise<number[]> => {
    const predictors = await Promise.all(models.map(async (one) => await createPredictor(tf, one)))
    try {
      return (await measureLatency([given, ...predictors], inputs, { signal })).map(({ p50 }) => p50)
    } finally {
      for (const predictor of predictors) predictor.dispose()
    }
  }
  const [before] = await p50s([])
  const allowed = allowedOf(before!)
  return {
    metric: 'milliseconds', allowed, before: before!, attempts, nearEnough: (1 - NEAR_TIME) * allowed,
    async of (gone) {
      const [then, now] = await p50s([await shrunk(gone)])
      return now! / then! * before!
    },
    dispose () { given.dispose() },
  }
}
