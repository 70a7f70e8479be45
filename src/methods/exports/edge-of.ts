/** What of a job the edge figures of an export are taken of. */
import type { ByteSource } from '../../models/bytes.ts'
import type { ExportName } from '../../models/exports/index.ts'
import type { GzipSize, JobInput } from '../job-types.ts'
import { randomInputs } from '../random-inputs.ts'
import type { EdgeRecord } from '../receipt.ts'
import type { Expected } from '../verify.ts'
import { measureEdge } from './edge.ts'
import type { Exporting } from './export-model.ts'
import { fileOpener } from './run-file.ts'

/** With `evaluation: false` sizes alone. */
export async function edgeOf (format: ExportName, source: ByteSource, gzip: GzipSize, { model, probe, after, report }: Expected, exporting: Exporting, input: JobInput): Promise<EdgeRecord> {
  const { recipe: { evaluation, seed }, signal } = input
  const { architecture } = model
  const isTimed = evaluation !== false && evaluation.latency && probe !== undefined
  return await measureEdge({
    format, source, signal, architecture,
    graph: await exporting.graph(),
    gzipBytes: gzip.bytes,
    openFile: fileOpener(input, format, source),
    ...isTimed && { example: randomInputs(architecture.graph!, 1, seed) },
    ...report !== undefined && after !== undefined && { report: { ...report, model: after } },
  })
}
