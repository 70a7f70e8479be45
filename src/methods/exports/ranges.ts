/** The ranges of all activations of an export, over calibration examples. */
import type { Split } from '../../datasets/dataset.ts'
import { readBatch } from '../../engine/evaluate.ts'
import { runExport } from '../../engine/exports/run.ts'
import { EspalierError } from '../../errors.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import type { Ranges } from '../../models/exports/index.ts'

/** Above these, ranges hardly grow. */
const MAX_EXAMPLES = 1024
const BATCH = 64

/** Least and largest value of each float32 result, by name, over the first examples. TensorFlow must be loaded. */
export async function observeRanges (graph: ExportGraph, { features, examples }: Split, signal?: AbortSignal): Promise<Ranges> {
  const ranges = new Map<string, { min: number, max: number }>()
  const count = Math.min(examples, MAX_EXAMPLES)
  for (let from = 0; from < count; from += BATCH) {
    signal?.throwIfAborted()
    await runExport(graph, await readBatch(features, from, Math.min(from + BATCH, count)), {
      see (value, result) {
        if (value.type !== 'float32') return
        const [min, max] = [result.min().dataSync()[0]!, result.max().dataSync()[0]!]
        if (!Number.isFinite(min) || !Number.isFinite(max)) throw new EspalierError('invalid-model', `"${value.name}" is not finite for calibration examples, so that it has no range`)
        const known = ranges.get(value.name)
        ranges.set(value.name, known === undefined ? { min, max } : { min: Math.min(min, known.min), max: Math.max(max, known.max) })
      },
    })
  }
  return ranges
}
