/** Ranges of a model's activations over calibration data, and what the model gives with activations in int8. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Split } from '../../datasets/dataset.ts'
import { readBatch } from '../../engine/evaluate.ts'
import { runExport } from '../../engine/exports/run.ts'
import { fakeQuantizeActivation } from '../../engine/prune/fake-quantize.ts'
import { EspalierError } from '../../errors.ts'
import { countReads, type ExportGraph, type Value } from '../../models/exports/graph.ts'
import type { Ranges } from '../../models/exports/index.ts'
import type { Range } from '../../models/exports/tflite/numbers.ts'
import type { ModelFile } from '../../models/model.ts'
import { BINS, entropyClip, percentileClip } from '../../pruning/quantization/clip.ts'
import type { QuantizeSettings } from '../../pruning/stages/quantize.ts'
import { exportGraph } from '../exports/graph.ts'
import { observeRanges } from '../exports/ranges.ts'

/** Histograms of more would take too much memory. */
const MAX_VALUES = 10_000

export interface Activations {
  /** By name of the value in the export's graph. */
  readonly ranges: Ranges
  /** Of the outputs of the layer graph's nodes, where int8 files hold them as activations. */
  readonly nodes: ReadonlyMap<number, ReadonlyArray<Range | undefined>>
}

type Calibration = NonNullable<QuantizeSettings['calibration']>

/**
 * Data are passed over once for the ends, and once more for histograms of magnitudes where the ranges are clipped; no batch and no activation is kept. TensorFlow must
 * be loaded. Throws `invalid-model` where an activation is not finite, `limit-exceeded` for models of too many operations.
 */
export async function observeActivations (model: ModelFile, split: Split, { activations, percentile, calibration }: QuantizeSettings, signal: AbortSignal): Promise<Activations> {
  const places = new Map<number, readonly Value[]>()
  const graph = await exportGraph(model, new Map(), (node, values) => { places.set(node, values) })
  const ends = await observeRanges(graph, split, signal, calibration!)
  const ranges = activations === 'min-max' ? ends : await clipped(graph, split, ends, calibration!, signal, activations === 'entropy' ? entropyClip : (counts, width) => percentileClip(counts, width, percentile))
  const held = heldIn(graph)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const rangeAt = ({ name }: Value): Range | undefined => held.has(name) && !outputs.has(name) ? ranges.get(name) : undefined
  return { ranges, nodes: new Map([...places].map(([node, values]) => [node, values.map(rangeAt)])) }
}

/** What the model gives with activations in int8, held against what it gives without, over the first examples. */
export async function simulate (model: ModelFile, { ranges }: Pick<Activations, 'ranges'>, { features, examples }: Split, { examples: asked, batchSize }: Calibration, signal: AbortSignal): Promise<{ examples: number, agreement: number | null, meanSquaredError: number }> {
  const graph = await exportGraph(model, new Map())
  const held = heldIn(graph)
  const count = Math.min(examples, asked)
  const counts = { same: 0, rows: 0, squares: 0, numbers: 0 }
  for (let from = 0; from < count; from += batchSize) {
    signal.throwIfAborted()
    const inputs = await readBatch(features, from, Math.min(from + batchSize, count))
    const plain = await runExport(graph, inputs)
    const whole = await runExport(graph, inputs, { replace: (value, result) => held.has(value.name) && ranges.has(value.name) ? fakeQuantizeActivation(result, ranges.get(value.name)!) : result })
    plain.forEach(({ values, shape }, output) => { compare(values, whole[output]!.values, shape.length < 2 ? 1 : shape.at(-1)!, counts) })
  }
  return { examples: count, agreement: counts.rows === 0 ? null : counts.same / counts.rows, meanSquaredError: counts.numbers === 0 ? 0 : counts.squares / counts.numbers }
}

function compare (a: ArrayLike<number>, b: ArrayLike<number>, classes: number, counts: { same: number, rows: number, squares: number, numbers: number }): void {
  for (let at = 0; at < a.length; at++) counts.squares += (a[at]! - b[at]!) ** 2
  counts.numbers += a.length
  if (classes < 2) return
  for (let row = 0; row + classes <= a.length; row += classes) {
    counts.rows++
    if (largest(a, row, classes) === largest(b, row, classes)) counts.same++
  }
}

function largest (values: ArrayLike<number>, from: number, count: number): number {
  let best = from
  for (let at = from; at < from + count; at++) if (values[at]! > values[best]!) best = at
  return best - from
}

/** Operators into which TFLite fuses a relu, so that what they give before it is never rounded; and those that give values of their input's grid. */
const FUSING = new Set(['conv2d', 'depthwise', 'dense', 'add', 'sub', 'mul', 'div', 'maxPool', 'averagePool'])
const PASSING = new Set(['reshape', 'transpose', 'maxPool', 'pad', 'slice'])

/** Names of the values that int8 files hold as activations of their own. */
function heldIn (graph: ExportGraph): ReadonlySet<string> {
  const reads = countReads(graph)
  const fused = new Set(graph.operations.flatMap(({ kind, inputs }) => kind === 'relu' || kind === 'relu6' ? inputs.filter((input) => reads.get(input) === 1) : []))
  return new Set([
    ...graph.inputs,
    ...graph.operations.filter(({ kind, output }) => output.type === 'float32' && !PASSING.has(kind) && !(fused.has(output) && FUSING.has(kind))).map(({ output }) => output),
  ].map(({ name }) => name))
}

async function clipped (graph: ExportGraph, { features, examples }: Split, ends: Ranges, { examples: asked, batchSize }: Calibration, signal: AbortSignal, clip: (counts: Float64Array, width: number) => number): Promise<Ranges> {
  if (ends.size > MAX_VALUES) throw new EspalierError('limit-exceeded', `the model has ${ends.size} activations, and histograms are taken of at most ${MAX_VALUES}: take "activations": "min-max"`)
  const histograms = new Map<string, { counts: Float64Array, width: number }>()
  for (const [name, { min, max }] of ends) histograms.set(name, { counts: new Float64Array(BINS), width: Math.max(-min, max) / BINS })
  const count = Math.min(examples, asked)
  for (let from = 0; from < count; from += batchSize) {
    signal.throwIfAborted()
    await runExport(graph, await readBatch(features, from, Math.min(from + batchSize, count)), {
      see (value: Value, result: Tensor) {
        const histogram = histograms.get(value.name)
        if (value.type === 'float32' && histogram !== undefined && histogram.width > 0) add(histogram.counts, histogram.width, result.dataSync<'float32'>())
        return result
      },
    })
  }
  // What is fed and what is read have few values far from zero that mean most: they keep their ends.
  const kept = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name))
  return new Map([...ends].map(([name, { min, max }]) => {
    const { counts, width } = histograms.get(name)!
    if (!(width > 0) || kept.has(name)) return [name, { min, max }]
    const limit = clip(counts, width)
    return [name, { min: Math.max(min, -limit), max: Math.min(max, limit) }]
  }))
}

function add (counts: Float64Array, width: number, values: Float32Array): void {
  for (const value of values) counts[Math.min(BINS - 1, Math.floor(Math.abs(value) / width))]!++
}
