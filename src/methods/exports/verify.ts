/** Reads an exported file back and holds it against the graph that it was written from, and the graph against the model. */
import { runExport } from '../../engine/exports/run.ts'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import { EXPORTS, type ExportName, type ModelExport, type Ranges } from '../../models/exports/index.ts'
import type { BatchArray } from '../../engine/predict.ts'
import type { TfliteModel } from '../../models/exports/tflite/model.ts'
import { comparePredictions, type Expected, type Verification } from '../verify.ts'

/** Largest difference of a prediction, relative to values above 1: batch normalisation is folded, and sums are taken in another order. */
const TOLERANCE = 1e-4

/** Runs a file by its format's own runtime. */
export interface RunFile { (source: ByteSource, inputs: readonly BatchArray[]): Promise<readonly BatchArray[]> }

export interface ExportCheck {
  readonly name: string
  readonly format: ExportName
  readonly source: ByteSource
  readonly graph: ExportGraph
  readonly ranges: Ranges
  readonly runFile: RunFile
}

/** Throws `verification-failed` naming the file. Where no runtime of the format is among what a job can run, the text says so. */
export async function verifyExport ({ name, source, format, graph, ranges, runFile }: ExportCheck, { probe, reason }: Expected): Promise<Verification> {
  const { write, read }: ModelExport = EXPORTS[format]
  const bytes = await source.read(0, source.size)
  const wanted = write(graph, ranges)
  if (Buffer.compare(bytes, wanted) !== 0) throw new EspalierError('verification-failed', `${name} was read back: it is not what was written`, { name })
  const parts = `read back: ${read === undefined ? 'all bytes' : partsOf(read(bytes))} are those that were written`
  if (probe === undefined) return { verified: true, verification: `${parts}; predictions were not compared (${reason ?? 'the model cannot be run'})`, maxDifference: null }
  if (read === undefined) {
    const largest = comparePredictions(name, await runFile(source, probe.inputs), probe.outputs, TOLERANCE)
    return { verified: true, verification: `${parts}; run by onnxruntime it predicts ${examplesOf(probe.inputs)} examples within ${TOLERANCE} of the model`, maxDifference: largest }
  }
  const largest = comparePredictions(name, await runExport(graph, probe.inputs), probe.outputs, TOLERANCE)
  return {
    verified: true,
    verification: `${parts}; the operations that it was written from, in float32 and computed one by one by TensorFlow, predict ${examplesOf(probe.inputs)} examples within ${TOLERANCE} of the model; not run by the format's own runtime`,
    maxDifference: largest,
  }
}

function partsOf ({ operators, tensors }: TfliteModel): string {
  return `${operators.length} operators and ${tensors.filter(({ data }) => data !== undefined).length} constants`
}

function examplesOf (inputs: readonly BatchArray[]): number {
  return inputs[0]?.shape[0] ?? 0
}
