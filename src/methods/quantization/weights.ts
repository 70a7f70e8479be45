/** Puts a model's kernels on grids, or rounds them to another type. */
import { EspalierError } from '../../errors.ts'
import { roundedTo } from '../../models/formats/encode.ts'
import type { HeldChanges, LayerWeight, ModelFile } from '../../models/model.ts'
import { assertPlan, planPruning } from '../../pruning/plan.ts'
import { errorOf, gridFor, onGrid, type Grid } from '../../models/quantization/grid.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { QuantizeSettings } from '../../pruning/stages/quantize.ts'

export interface QuantizedWeight { readonly layer: string, readonly role: string, readonly weight: LayerWeight, /** null: rounded to a float type. */ readonly grid: Grid | null }

/** Which weights are quantized, and why others are not. */
export interface WeightPlan {
  readonly quantized: readonly QuantizedWeight[]
  readonly skipped: ReadonlyArray<{ readonly name: string, readonly reason: string }>
}

/** Throws `invalid-recipe` for entries of `layers` that match nothing, `nothing-pruned` where no weight is left. */
export function planWeights ({ layers }: ModelFile, settings: Pick<QuantizeSettings, 'weights' | 'group' | 'layers'>): WeightPlan {
  const plan = planPruning(layers, { layers: settings.layers.map((rule) => ({ ...rule })), target: null })
  assertPlan(plan)
  const names = new Set(plan.prune.map(({ name }) => name))
  const skipped = plan.skip.filter(({ prunable }) => prunable).map(({ name, reason }) => ({ name, reason }))
  const quantized: QuantizedWeight[] = []
  for (const { path, layer, weights } of layers) {
    for (const weight of weights) {
      const name = `${path}/${weight.role}`
      if (!names.has(name)) continue
      const { weights: type, group } = settings
      if (weight.spec === undefined) skipped.push({ name, reason: 'the layer is not known, so that its channels cannot be told' })
      else quantized.push({ layer: path, role: weight.role, weight, grid: type === 'int8' || type === 'int4' ? gridFor(layer.type, weight.spec.axes, type, group) : null })
    }
  }
  if (quantized.length === 0) throw new EspalierError('nothing-pruned', `the stage quantize has no weight to quantize${skipped.length > 0 ? `: ${skipped[0]!.name}: ${skipped[0]!.reason}` : ''}`)
  return { quantized, skipped }
}

/** The largest finite float16 that does not round to infinity. */
const LARGEST_HALF = 65519

/** A row of the record. */
export interface LayerRow { readonly layer: string, readonly role: string, readonly axis: readonly number[] | null, readonly scales: number, readonly meanSquaredError: number, readonly signalToNoiseDb: number | null, readonly zerosBefore: number, readonly zerosAfter: number }

export interface QuantizedWeights extends Pick<WeightPlan, 'skipped'> { readonly changes: HeldChanges, readonly layers: readonly LayerRow[] }

/** `trained`: values in place of the model's own, by tensor key. */
export async function quantizeWeights ({ quantized, skipped }: WeightPlan, type: QuantizeSettings['weights'], trained: HeldChanges): Promise<QuantizedWeights> {
  const changes = new Map(trained)
  const rows: LayerRow[] = []
  const left = [...skipped]
  for (const { layer, role, weight: { tensor }, grid } of quantized) {
    const given = trained.get(tensor.key) ?? await tensor.read()
    if (given.some((value) => !Number.isFinite(value))) throw new EspalierError('invalid-model', `${layer}/${role} holds numbers that are not finite, which no grid has`, { layer })
    if (type === 'float16' && given.some((value) => Math.abs(value) > LARGEST_HALF)) {
      left.push({ name: `${layer}/${role}`, reason: 'it holds values that float16 cannot' })
      continue
    }
    const made = grid === null ? { values: roundedTo(given, type as 'float16' | 'bfloat16'), scales: 0 } : onGrid(given, tensor.shape, grid)
    const stored = roundedTo(made.values, tensor.type)
    rows.push({ layer, role, axis: grid?.axes ?? null, scales: made.scales, ...errorOf(given, stored), zerosBefore: countZeros(given), zerosAfter: countZeros(stored) })
    changes.set(tensor.key, stored)
  }
  return { changes, layers: rows, skipped: left }
}
