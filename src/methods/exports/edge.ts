/** What an export comes to on a device: memory, multiplications, and time and accuracy in the format's own runtime. */
import type { Split } from '../../datasets/dataset.ts'
import { evaluate, readBatch } from '../../engine/evaluate.ts'
import { measureLatency, type LatencyFigures } from '../../engine/latency.ts'
import type { BatchArray, Predictor } from '../../engine/predict.ts'
import type { Architecture } from '../../models/architecture/types.ts'
import { arenaBytes } from '../../models/exports/arena.ts'
import type { ExportGraph } from '../../models/exports/graph.ts'
import { EXPORTS, type ExportName, type ModelExport } from '../../models/exports/index.ts'
import { graphFlow, lifetimes, peakBytes, tfliteFlow } from '../../models/exports/liveness.ts'
import type { ByteSource } from '../../models/bytes.ts'
import type { Report } from '../job-data.ts'
import type { EdgeRecord } from '../receipt.ts'
import type { OpenedFile, OpenFile } from './run-file.ts'

export interface EdgeRequest {
  readonly format: ExportName
  readonly source: ByteSource
  readonly graph: ExportGraph
  readonly architecture: Architecture
  readonly gzipBytes: number
  readonly openFile: OpenFile
  /** One example, made up; absent where nothing is timed. */
  readonly example?: readonly BatchArray[]
  /** Absent where nothing is evaluated. `model`: what was exported. */
  readonly report?: Report & { readonly model: Predictor }
  readonly signal: AbortSignal
}

/** Of the report data. */
const MOST_EXAMPLES = 1000
const LEAST_EXAMPLES = 32
/** For the accuracy in the runtime, and for each setting of its threads. */
const BUDGET_MS = { accuracy: 5000, latency: 1000 }
const BATCH = 32

/** Throws what the runtime throws of a file that it runs. */
export async function measureEdge (request: EdgeRequest): Promise<EdgeRecord> {
  const { format, source, graph, architecture, gzipBytes, openFile, example, report } = request
  const { read, calibrates }: ModelExport = EXPORTS[format]
  const lives = lifetimes(read === undefined ? graphFlow(graph, calibrates === true ? 1 : undefined) : tfliteFlow(read(await source.read(0, source.size))))
  const sizes = {
    bytes: source.size, gzipBytes, peakActivationBytes: peakBytes(lives), arenaBytes: arenaBytes(lives) ?? null,
    macs: architecture.graph?.nodes.reduce((sum, node) => sum + node.macs, 0) ?? null,
  }
  const nothing = { ...sizes, runtime: null, latencyMs: null, accuracy: null }
  if (example === undefined && report === undefined) return nothing
  const opened = await openFile()
  if ('refusal' in opened) return { ...nothing, notMeasured: opened.refusal }
  try {
    return {
      ...sizes,
      runtime: opened.runtime,
      latencyMs: example === undefined ? null : await timed(opened, example, request),
      accuracy: report === undefined ? null : await evaluated(opened.predictor, report, request),
    }
  } finally {
    opened.predictor.dispose()
  }
}

/** Both settings of the threads in turn. */
async function timed ({ predictor, threads }: OpenedFile, example: readonly BatchArray[], { openFile, signal }: EdgeRequest): Promise<EdgeRecord['latencyMs']> {
  const figures = ({ p50, p95, runs }: LatencyFigures) => ({ p50, p95, runs })
  const options = { budgetMs: BUDGET_MS.latency, signal }
  const alone = threads === 1 ? undefined : await openFile(1)
  if (alone === undefined || 'refusal' in alone) return { threads1: figures((await measureLatency([predictor], example, options))[0]!), threadsN: null }
  try {
    const [one, many] = await measureLatency([alone.predictor, predictor], example, { ...options, budgetMs: 2 * BUDGET_MS.latency })
    return { threads1: figures(one!), threadsN: { ...figures(many!), threads } }
  } finally {
    alone.predictor.dispose()
  }
}

/** The first examples of the report data, as many as there is time for, by the file and by the model. */
async function evaluated (predictor: Predictor, { split, evaluation: { task }, model }: NonNullable<EdgeRequest['report']>, { architecture, signal }: EdgeRequest): Promise<EdgeRecord['accuracy']> {
  const examples = Math.min(split.examples, await affordable(predictor, split))
  const [given, own] = [watched(model), watched(predictor)]
  const { metrics: [before, after] } = await evaluate(architecture, [given.predictor, own.predictor], { ...split, examples }, { batchSize: BATCH, task, signal })
  const same = given.tops.filter((top, index) => top === own.tops[index]).length
  return { examples, top1: after!.accuracy ?? null, modelTop1: before!.accuracy ?? null, agreement: given.tops.length === 0 ? null : same / given.tops.length }
}

async function affordable (predictor: Predictor, { features, examples }: Split): Promise<number> {
  const inputs = await readBatch(features, 0, Math.min(8, examples))
  const begin = performance.now()
  await predictor.predict(inputs)
  const each = (performance.now() - begin) / inputs[0]!.shape[0]!
  return Math.max(LEAST_EXAMPLES, Math.min(MOST_EXAMPLES, Math.floor(BUDGET_MS.accuracy / each)))
}

/** The predictor, and the place of the largest value in each row of the only output as it predicts. */
function watched (predictor: Predictor): { readonly predictor: Predictor, readonly tops: number[] } {
  const tops: number[] = []
  return {
    tops,
    predictor: {
      ...predictor,
      async predict (inputs) {
        const outputs = await predictor.predict(inputs)
        const classes = outputs[0]?.shape.at(-1) ?? 1
        if (outputs.length === 1 && classes > 1) for (let at = 0; at < outputs[0]!.values.length; at += classes) tops.push(topOf(outputs[0]!.values, at, at + classes))
        return outputs
      },
    },
  }
}

function topOf (values: Float32Array, from: number, to: number): number {
  let top = from
  for (let at = from + 1; at < to; at++) if (values[at]! > values[top]!) top = at
  return top - from
}
