/** Reads an exported file back and holds it against the graph that it was written from, and the graph against the model. */
import { runExport } from '../../engine/exports/run.ts'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import { EXPORTS, type ExportName, type Ranges } from '../../models/exports/index.ts'
import type { Expected, Verification } from '../verify.ts'

/** Largest difference of a prediction, relative to values above 1: batch normalisation is folded, and sums are taken in another order. */
const TOLERANCE = 1e-4

/** Throws `verification-failed` naming the file. The runtime that the file is for is not among what a job can run, and the text says so. */
export async function verifyExport (name: string, source: ByteSource, format: ExportName, graph: ExportGraph, ranges: Ranges, { probe, reason }: Expected): Promise<Verification> {
  const bytes = await source.read(0, source.size)
  const wanted = EXPORTS[format].write(graph, ranges)
  if (Buffer.compare(bytes, wanted) !== 0) throw new EspalierError('verification-failed', `${name} was read back: it is not what was written`, { name })
  const { tensors, operators } = EXPORTS[format].read(bytes)
  const parts = `read back: ${operators.length} operators and ${tensors.filter(({ data }) => data !== undefined).length} constants are those that were written`
  if (probe === undefined) return { verified: true, verification: `${parts}; predictions were not compared (${reason ?? 'the model cannot be run'})`, maxDifference: null }
  const outputs = await runExport(graph, probe.inputs)
  let largest = 0
  for (const [index, { values }] of probe.outputs.entries()) {
    values.forEach((value, at) => {
      const other = outputs[index]!.values[at]!
      if (Number.isNaN(value) && Number.isNaN(other)) return
      const difference = Math.abs(value - other)
      if (!(difference <= TOLERANCE * Math.max(1, Math.abs(value)))) {
        throw new EspalierError('verification-failed', `${name}: its operations give ${other} as prediction ${at} of output ${index}, the pruned model gives ${value}`, { name, output: index, at })
      }
      largest = Math.max(largest, difference)
    })
  }
  const examples = probe.inputs[0]?.shape[0] ?? 0
  return {
    verified: true,
    verification: `${parts}; its operations in float32, computed one by one by TensorFlow, predict ${examples} examples within ${TOLERANCE} of the model; not run by the format's own runtime`,
    maxDifference: largest,
  }
}
