/** Writes a model as an export or in a format. */
import type { ExportGraph } from '../../models/exports/graph.ts'
import { EXPORTS, isExport, NO_RANGES, type ExportName, type Ranges } from '../../models/exports/index.ts'
import { isRounded, ROUNDED, type RoundedName } from '../../models/exports/rounded.ts'
import type { ModelSink } from '../../models/formats/format.ts'
import { writeModel, type FormatName, type WriteOptions } from '../../models/formats/index.ts'
import type { ModelFile, TensorChanges } from '../../models/model.ts'
import { exportGraph } from './graph.ts'

/** What a job can write a model as. */
export type OutputName = FormatName | ExportName | RoundedName

/** What the exports of one model share. */
export interface Exporting {
  /** Without them a file has its size and its layout, but int8 activations have no ranges. */
  readonly ranges?: Ranges
  /** That of the model with its changes. */
  graph (): Promise<ExportGraph>
}

/** The graph is made when it is first asked for, and kept. */
export function exportingOf (model: ModelFile, changes: TensorChanges): Exporting {
  let made: Promise<ExportGraph> | undefined
  return { graph: async () => await (made ??= exportGraph(model, changes)) }
}

/** As writeModel, for exports too. */
export async function writeAs (model: ModelFile, changes: TensorChanges, format: OutputName, options: WriteOptions, sink: ModelSink, exporting = exportingOf(model, changes)): Promise<number> {
  if (isRounded(format)) return await writeModel(model, changes, ROUNDED[format].format, { ...options, weights: ROUNDED[format].weights }, sink)
  if (!isExport(format)) return await writeModel(model, changes, format, options, sink)
  const bytes = EXPORTS[format].write(await exporting.graph(), exporting.ranges ?? NO_RANGES)
  await sink.write(0, bytes)
  return bytes.length
}
