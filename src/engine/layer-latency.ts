/** How long single layers take before and after channels were taken out: each by itself, both sides in turn in one process. */
import type { ModelFile } from '../models/model.ts'
import { quantile, spread, timeInTurn, type LatencyFigures } from './latency.ts'
import { layerPairs, type LayerPair, type PairOptions } from './layer-pairs.ts'
import { holdLayer, type LoneLayer } from './lone-layer.ts'
import type { Tf } from './runtime.ts'

export interface MeasureLayersOptions extends Partial<PairOptions> {
  readonly signal?: AbortSignal
  /** No layer but the first is begun after this time; 2,000 unless given. */
  readonly budgetMs?: number
}

export interface LayerLatency {
  readonly layer: string
  /** Milliseconds of a pass. */
  readonly before: Pick<LatencyFigures, 'p50' | 'p95'>
  readonly after: Pick<LatencyFigures, 'p50' | 'p95'>
  /** The median of after / before within each round, and the quartiles of these. */
  readonly ratio: number
  readonly quartiles: readonly [number, number]
  /** Examples in a pass: fewer than asked where the inputs would be too large. */
  readonly batch: number
  /** Rounds. */
  readonly runs: number
  /** False where the budget has no room for compiling, or a graph cannot hold the layer. */
  readonly compiled: boolean
}

export interface LayerLatencies {
  /** Those with the most multiplications first. */
  readonly layers: readonly LayerLatency[]
  /** Layers whose weights changed too and for which no time was left. */
  readonly leftOut: number
  /** Paths of those of which even one example is too large to be made up. */
  readonly tooLarge: readonly string[]
  /** Milliseconds of a call of a compiled graph that computes nothing, which stand in all times; null when none was compiled. */
  readonly callMs: number | null
}

/** A pass of one example takes less than the call of a graph in many a layer. */
const DEFAULTS = { batch: 64, budgetMs: 2000 }

/** Of the inputs and outputs of one pass: sizes of axes are what a file claims. */
const MOST_VALUES = 2 ** 26

const [MOST_RUNS, LEAST_RUNS] = [50, 5]

/** Passes that compiling costs: two are run one operation at a time, and the first one of the graph. */
const COMPILE_PASSES = 3

/**
 * Times each layer that both models have and whose weights have other shapes in `after`, at its application with the most multiplications and without
 * masks: both sides compiled into graphs, warmed up, and run in turn. A layer gets an equal share of what is left of the budget, and five rounds at
 * least where they fit in. Nothing stays on the device, whatever is thrown. Throws `unsupported-layer` for a model without a layer graph,
 * `invalid-model` where sizes that the model leaves open do not fit, and the reason of the signal.
 */
export async function measureLayers (tf: Tf, before: ModelFile, after: ModelFile, options: MeasureLayersOptions = {}): Promise<LayerLatencies> {
  const { batch, budgetMs } = { ...DEFAULTS, ...options }
  const deadline = performance.now() + budgetMs
  const { pairs, tooLarge } = pairsWithin(before, after, { ...options, batch })
  const layers: LayerLatency[] = []
  const calls: number[] = []
  for (const [index, pair] of pairs.entries()) {
    options.signal?.throwIfAborted()
    const left = deadline - performance.now()
    if (index > 0 && left <= 0) break
    layers.push(await measurePair(tf, pair, { left, share: left / (pairs.length - index), calls, turns: options.signal === undefined ? {} : { signal: options.signal } }))
  }
  return { layers, leftOut: pairs.length - layers.length, tooLarge, callMs: calls.length === 0 ? null : quantile(calls, 0.5) }
}

/** Pairs with as many of the examples as may be made up. */
function pairsWithin (before: ModelFile, after: ModelFile, options: PairOptions): { pairs: LayerPair[], tooLarge: string[] } {
  const all = layerPairs(before, after, options)
  const large = all.filter(({ values }) => values > MOST_VALUES)
  if (large.length === 0) return { pairs: all, tooLarge: [] }
  if (options.batch <= 1) return { pairs: all.filter((pair) => !large.includes(pair)), tooLarge: large.map(({ layer }) => layer) }
  const fewer = pairsWithin(before, after, { ...options, batch: Math.floor(options.batch / 2), paths: large.map(({ layer }) => layer) })
  const byLayer = new Map([...all.filter((pair) => !large.includes(pair)), ...fewer.pairs].map((pair) => [pair.layer, pair]))
  return { pairs: all.flatMap(({ layer }) => byLayer.get(layer) ?? []), tooLarge: fewer.tooLarge }
}

interface Slot {
  /** Milliseconds of the budget, and this pair's part of them. */
  readonly left: number
  readonly share: number
  /** Times of calls that compute nothing, to be added to. */
  readonly calls: number[]
  readonly turns: { readonly signal?: AbortSignal }
}

async function measurePair (tf: Tf, { layer, before, after }: LayerPair, { left, share, calls, turns }: Slot): Promise<LayerLatency> {
  const begin = performance.now()
  const held: LoneLayer[] = []
  try {
    for (const side of [before, after]) held.push(await holdLayer(tf, side))
    const passes = held.map((one) => () => { one.pass() })
    const once = async (): Promise<number> => (await timeInTurn(passes, { ...turns, warmUp: 0, runs: 1 })).flat().reduce((sum, time) => sum + time, 0)
    const cold = await once()
    const compiled = cold * (COMPILE_PASSES + LEAST_RUNS) <= left && held.every((one) => one.compile())
    for (const one of held) one.use(compiled)
    // The first run of a graph is slower than the others.
    const warm = compiled ? await once() : cold
    const minimumRuns = warm * LEAST_RUNS <= left ? LEAST_RUNS : 1
    const times = await timeInTurn(passes, { ...turns, warmUp: 0, runs: MOST_RUNS, minimumRuns, budgetMs: share - (performance.now() - begin) })
    if (compiled) calls.push(...(await timeInTurn([() => { held[0]!.idle() }], { ...turns, warmUp: 1, runs: LEAST_RUNS })).flat())
    return { layer, ...compared(times[0]!, times[1]!), batch: before.inputs[0]![0]!, compiled }
  } finally {
    for (const one of held) one.dispose()
  }
}

function compared (before: readonly number[], after: readonly number[]): Pick<LayerLatency, 'before' | 'after' | 'ratio' | 'quartiles' | 'runs'> {
  const ratios = after.map((time, round) => time / before[round]!)
  return { before: spread(before), after: spread(after), ratio: quantile(ratios, 0.5), quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)], runs: ratios.length }
}
