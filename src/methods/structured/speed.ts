/** How fast the smaller model is beside the given one, as a whole and layer by layer, and what might be done about layers that are not. */
import { measureBatches } from '../../engine/batch-latency.ts'
import { measureLayers } from '../../engine/layer-latency.ts'
import type { Predictor } from '../../engine/predict.ts'
import type { Engine } from '../../engine/runtime.ts'
import { slowerLayers } from '../../engine/slower-layers.ts'
import { vectorLanes } from '../../engine/vector-lanes.ts'
import type { ModelFile } from '../../models/model.ts'
import { shapeWarnings, type LayerWidth } from '../../pruning/structure/shape-warnings.ts'
import { randomInputs } from '../random-inputs.ts'
import type { SpeedRecord } from '../receipt.ts'

export interface SpeedRequest {
  readonly engine: Engine
  readonly model: ModelFile
  readonly made: ModelFile
  /** Of both, loaded. */
  readonly before: Predictor
  readonly after: Predictor
  readonly seed: number
  readonly signal: AbortSignal
}

/** `speed` is absent where it was not measured. */
export interface Timed { readonly speed?: SpeedRecord, readonly warnings: readonly string[] }

/** For each batch size, and for the layers together. */
const BUDGET_MS = 1000

/** On inputs that are made up; both sides in turn. */
export async function measureSpeed ({ engine: { tf, info }, model, made, before, after, seed, signal }: SpeedRequest): Promise<Timed> {
  const inputs = randomInputs(model.architecture.graph!, 1, seed)
  const batches = await measureBatches([before, after], inputs, { budgetMs: BUDGET_MS, signal })
  const example = inputs.map(({ shape }) => shape.slice(1))
  const { layers, leftOut } = await measureLayers(tf, model, made, { budgetMs: BUDGET_MS, example, signal })
  return {
    speed: {
      batches: batches.map(([given, now]) => ({ batch: given!.batch, before: timesOf(given!), after: timesOf(now!), runs: given!.runs })),
      layers: layers.map(({ layer, before: given, after: now, ratio, batch, runs }) => ({ layer, before: timesOf(given), after: timesOf(now), ratio, batch, runs })),
      leftOut,
    },
    warnings: [...slowerLayers(layers), ...shapeWarnings(widthsOf(model, made), { device: info.device === 'gpu' ? 'gpu' : 'cpu', lanes: await vectorLanes() })],
  }
}

function timesOf ({ p50, p95 }: { readonly p50: number, readonly p95: number }): { p50: number, p95: number } {
  return { p50, p95 }
}

/** Outputs of the layers that lost some. */
function widthsOf ({ layers }: ModelFile, made: ModelFile): LayerWidth[] {
  const smaller = new Map(made.layers.map((layer) => [layer.path, layer]))
  return layers.flatMap(({ path, layer: { type }, weights }): LayerWidth[] => {
    const kernel = weights.find(({ role }) => role.endsWith('kernel') && !role.startsWith('recurrent'))
    const axis = kernel?.spec?.axes.output.at(-1)
    const now = smaller.get(path)?.weights.find(({ role }) => role === kernel?.role)?.tensor.shape
    if (kernel === undefined || axis === undefined || now === undefined || type === undefined) return []
    return [{ layer: path, type, before: kernel.tensor.shape[axis]!, after: now[axis]! }]
  })
}
