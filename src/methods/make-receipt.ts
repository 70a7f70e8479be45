/** Puts a job's figures together as its receipt, checked against the schema before it leaves. */
import { Compile } from 'typebox/compile'
import type { LatencyFigures } from '../engine/latency.ts'
import { EspalierError } from '../errors.ts'
import { VERSION } from '../version.ts'
import { Receipt, type Measurement } from './receipt.ts'
import { countCounted, countModel, type ModelCounts } from '../models/counts.ts'
import type { ModelFile } from '../models/model.ts'
import { sparseBytes } from '../pruning/sparse.ts'
import type { Device } from './device.ts'
import type { GzipSize, JobDataset, JobInput } from './job-types.ts'
import type { Measured } from './measure.ts'
import type { Method, MethodResult } from './method.ts'
import type { Report } from './job-data.ts'
import type { Timed } from './structured/speed.ts'
import { warningsFor } from './warnings.ts'
import type { WrittenModel } from './write-outputs.ts'

export interface ReceiptParts {
  readonly input: JobInput
  readonly model: ModelFile
  readonly method: Method
  readonly result: MethodResult
  readonly report: Report | null
  readonly measured: Measured | null
  /** Of a model that became smaller. */
  readonly speed?: Timed | null
  readonly written: readonly WrittenModel[]
  readonly device: Device | null
  /** Why the model is not run here, if it is not. */
  readonly notRun?: string
  readonly gzipBefore: GzipSize
  readonly timings: Record<string, number>
}

const schema = Compile(Receipt)

/** Throws `internal` when the figures do not fit the schema: a fault of this program, better found here than by a client. */
export async function makeReceipt (parts: ReceiptParts): Promise<Receipt> {
  const { input, model, method, result, report, measured, written, device, notRun } = parts
  const receipt: Receipt = {
    ...await beforeAndAfter(parts),
    ...(measured === null && { notMeasured: notMeasured(input, method, notRun) }),
    evaluation: measured?.evaluation ?? null,
    ...(result.calibration && { calibration: result.calibration }),
    ...(result.training && { training: result.training }),
    ...(result.updates && { updates: [...result.updates] }),
    ...(result.search && { search: result.search }),
    ...(result.sensitivity && { sensitivity: [...result.sensitivity] }),
    ...(result.batchNorm && { batchNorm: result.batchNorm }),
    ...(result.structure && { structure: result.structure }),
    ...(parts.speed?.speed && { speed: parts.speed.speed }),
    ...(result.stages && { stages: [...result.stages] }),
    threshold: result.threshold,
    layers: [...result.layers],
    outputs: written.map(({ output }) => output),
    provenance: {
      recipe: input.recipe,
      seed: input.recipe.seed,
      model: { sha256: input.model.sha256, format: model.format, producer: { ...model.producer } },
      dataset: provenanceOf(input.dataset),
      evaluationDataset: provenanceOf(input.evaluationDataset),
      versions: { espalier: VERSION, node: process.versions.node, ...device?.runtime.versions },
      engine: { ...device?.runtime.info },
      optimizerState: !model.hasOptimizerState ? 'none' : input.recipe.optimizerState === 'keep' || model.keepsOptimizerState === true ? 'kept' : 'dropped',
    },
    warnings: [...warningsFor({ recipe: input.recipe, model, method, report, result, ...(notRun !== undefined && { notRun }) }), ...(measured?.warnings ?? []), ...(parts.speed?.warnings ?? [])],
    timings: parts.timings,
  }
  if (!schema.Check(receipt)) {
    const [first] = schema.Errors(receipt)
    throw new EspalierError('internal', `the receipt does not fit its schema: ${first?.instancePath ?? ''} ${first?.message ?? ''}`)
  }
  return receipt
}

/** Size figures after pruning are of the first file that was written. */
async function beforeAndAfter ({ input, model, result, measured, written, gzipBefore }: ReceiptParts): Promise<{ before: Measurement, after: Measurement }> {
  const { weights, zerosBefore, zeros } = result.pool
  const counted = result.streamed?.counts
  const [countsBefore, countsAfter] = counted === undefined
    ? await Promise.all([countModel(model), countModel(result.model ?? model, result.changes)])
    : await Promise.all([countCounted(model, counted, 'before'), countCounted(model, counted, 'after')])
  const [first] = written
  return {
    before: measurement(countsBefore, { weights, zeros: zerosBefore }, {
      bytes: input.model.source.size, gzip: gzipBefore, metrics: measured?.metrics.before ?? null, latency: measured?.latency?.before ?? null,
    }),
    // Beside the given model, as weights that are no more are as good as zero.
    after: measurement(countsAfter, result.pool.after ?? { weights, zeros }, {
      bytes: first?.output.bytes ?? input.model.source.size, gzip: first?.gzip ?? gzipBefore, metrics: measured?.metrics.after ?? null, latency: measured?.latency?.after ?? null,
    }, countsBefore.weights),
  }
}

interface Sizes { bytes: number, gzip: GzipSize, metrics: Record<string, number> | null, latency: LatencyFigures | null }

/** `given`: parameters that compression is told of. */
function measurement (counts: ModelCounts, pool: { weights: number, zeros: number }, { bytes, gzip, metrics, latency }: Sizes, given = counts.weights): Measurement {
  return {
    metrics,
    weights: counts.weights,
    nonzeros: counts.nonzeros,
    prunableWeights: pool.weights,
    sparsity: pool.weights === 0 ? 0 : pool.zeros / pool.weights,
    compression: counts.nonzeros === 0 ? given : given / counts.nonzeros,
    macs: counts.macs,
    effectiveMacs: counts.effectiveMacs,
    bytes,
    gzipBytes: gzip.bytes,
    gzipEstimated: gzip.estimated,
    sparseBytes: sparseBytes(counts.weights, counts.nonzeros),
    latencyMs: latency,
  }
}

function notMeasured ({ recipe, dataset, evaluationDataset }: JobInput, method: Method, notRun?: string): string {
  if (recipe.evaluation === false) return 'the recipe turns evaluation off'
  if (dataset === null && evaluationDataset === null) return 'no data set was given'
  return notRun ?? `the method ${method.name} measures nothing`
}

function provenanceOf (dataset: JobDataset | null): { sha256: string, format: string } | null {
  return dataset && { sha256: dataset.sha256, format: dataset.format }
}
