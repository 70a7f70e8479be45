/** Reads an exported file back and holds it against the graph that it was written from, and the graph against the model. */
import { runExport } from '../../engine/exports/run.ts'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import { EXPORTS, type ExportName, type ModelExport, type Ranges } from '../../models/exports/index.ts'
import type { BatchArray } from '../../engine/predict.ts'
import type { TfliteModel } from '../../models/exports/tflite/model.ts'
import type { OpenFile } from './run-file.ts'
import { comparePredictions, FINITE, type Expected, type Verification } from '../verify.ts'

/** Largest difference of a prediction, relative to values above 1: batch normalisation is folded, and sums are taken in another order. */
const TOLERANCE = 1e-4

export interface ExportCheck {
  readonly name: string
  readonly format: ExportName
  readonly source: ByteSource
  readonly graph: ExportGraph
  readonly ranges: Ranges
  readonly openFile: OpenFile
}

/** Throws `verification-failed` naming the file. Where the runtime of the format does not run it, the text says so. */
export async function verifyExport ({ name, source, format, graph, ranges, openFile }: ExportCheck, { probe, reason }: Expected): Promise<Verification> {
  const { write, read, rounds }: ModelExport = EXPORTS[format]
  const bytes = await source.read(0, source.size)
  const wanted = write(graph, ranges)
  if (Buffer.compare(bytes, wanted) !== 0) throw new EspalierError('verification-failed', `${name} was read back: it is not what was written`, { name })
  const parts = `read back: ${read === undefined ? 'all bytes' : partsOf(read(bytes))} are those that were written`
  if (probe === undefined) return { verified: true, verification: `${parts}; predictions were not compared (${reason ?? 'the model cannot be run'})`, maxDifference: null }
  const run = await runFile(name, graph, openFile, probe.inputs)
  if ('outputs' in run && rounds !== true) {
    const largest = comparePredictions(name, run.outputs, probe.outputs, TOLERANCE)
    return { verified: true, verification: `${parts}; run by ${run.runtime} it predicts ${examplesOf(probe.inputs)} examples within ${TOLERANCE} of the model`, maxDifference: largest }
  }
  const computed = comparePredictions(name, await runExport(graph, probe.inputs), probe.outputs, TOLERANCE)
  const operations = `the operations that it was written from, in float32 and computed one by one by TensorFlow, predict ${examplesOf(probe.inputs)} examples within ${TOLERANCE} of the model`
  if ('refusal' in run) return { verified: true, verification: `${parts}; ${operations}; not run by the format's own runtime: ${run.refusal}`, maxDifference: computed }
  const largest = comparePredictions(name, run.outputs, probe.outputs, FINITE)
  return { verified: true, verification: `${parts}; ${operations}; run by ${run.runtime}; how far predictions of ${examplesOf(probe.inputs)} examples move by rounding is told, not judged`, maxDifference: largest }
}

type Run = { readonly outputs: readonly BatchArray[], readonly runtime: string } | { readonly refusal: string }

async function runFile (name: string, { inputs, outputs }: ExportGraph, openFile: OpenFile, given: readonly BatchArray[]): Promise<Run> {
  if (outputs.some(({ shape }) => shape[0] !== inputs[0]!.shape[0])) return { refusal: 'an output is not of single examples' }
  try {
    const opened = await openFile()
    if ('refusal' in opened) return opened
    try {
      return { outputs: await opened.predictor.predict(given), runtime: opened.runtime }
    } finally {
      opened.predictor.dispose()
    }
  } catch (cause) {
    if (!(cause instanceof EspalierError) || cause.code === 'engine-unavailable') throw cause
    throw new EspalierError('verification-failed', `${name} does not run: ${cause.message}`, { name }, { cause })
  }
}

function partsOf ({ operators, tensors }: TfliteModel): string {
  return `${operators.length} operators and ${tensors.filter(({ data }) => data !== undefined).length} constants`
}

function examplesOf (inputs: readonly BatchArray[]): number {
  return inputs[0]?.shape[0] ?? 0
}
