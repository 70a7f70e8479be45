/** Writes a model as an export; what its files are called; and what of a recipe needs examples for it. */
import { EXPORTS, isExport, type Ranges } from '../../models/exports/index.ts'
import type { ModelSink } from '../../models/formats/format.ts'
import { writeModel, type FormatName, type WriteOptions } from '../../models/formats/index.ts'
import type { ExportName } from '../../models/exports/index.ts'
import type { ModelFile, TensorChanges } from '../../models/model.ts'
import { exportGraph } from './graph.ts'
import { NO_RANGES } from './ranges.ts'

/** What a job can write a model as. */
export type OutputName = FormatName | ExportName

/** As writeModel, for exports too. Without `ranges` the file has its size and its layout, but int8 activations have no ranges. */
export async function writeAs (model: ModelFile, changes: TensorChanges, format: OutputName, options: WriteOptions, sink: ModelSink, ranges: Ranges = NO_RANGES): Promise<number> {
  if (!isExport(format)) return await writeModel(model, changes, format, options, sink)
  const bytes = EXPORTS[format].write(await exportGraph(model, changes), ranges)
  await sink.write(0, bytes)
  return bytes.length
}
