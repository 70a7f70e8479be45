/** Quantizes within a chain: ranges of activations first, then training with both, then weights onto their grids. */
import type { ModelFile } from '../../models/model.ts'
import { withValues } from '../../models/remade.ts'
import type { QuantizeSettings } from '../../pruning/stages/quantize.ts'
import { observeActivations, simulate, type Activations } from '../quantization/activations.ts'
import { trainQuantized } from '../quantization/train.ts'
import { planWeights, quantizeWeights } from '../quantization/weights.ts'
import type { Stage, StageContext } from './stage.ts'

/** Larger records are read by nobody. */
const MAX_RANGES = 1000

export const quantize: Stage = {
  async run (context: StageContext, settings: QuantizeSettings) {
    const { weights, activations } = settings
    const plan = planWeights(context.model, settings)
    // Training needs ranges before it begins, which hold for good; without it they are those of the model on its grid.
    const before = settings.training === null ? null : await observed(context, context.model, settings)
    const trained = settings.training === null ? null : await trainQuantized(context, settings, plan, before)
    const { changes, layers, skipped } = await quantizeWeights(plan, weights, trained?.changes ?? new Map())
    const model = withValues(context.model, changes)
    const seen = before ?? await observed(context, model, settings)
    const simulated = seen === null ? undefined : await simulate(model, seen, context.examples!.training, settings.calibration!, context.signal)
    return {
      changes,
      record: {
        weights, activations, layers, skipped,
        ...(seen && { ranges: Object.fromEntries([...seen.ranges].slice(0, MAX_RANGES).map(([name, { min, max }]) => [name, [min, max]])) }),
        ...(simulated && { simulated }),
        ...(trained && { training: trained.training }),
        files: filesOf(settings),
      },
      ...(seen && { ranges: seen.ranges }),
    }
  },
}

async function observed ({ examples, signal, engine }: StageContext, model: ModelFile, settings: QuantizeSettings): Promise<Activations | null> {
  if (settings.activations === null) return null
  await engine()
  return await observeActivations(model, examples!.training, settings, signal)
}

function filesOf ({ weights, activations }: QuantizeSettings): string {
  const held = weights === 'int8' ? 'the outputs tflite-int8 and tflite-dynamic hold them as int8' : weights === 'float16' ? 'the output tflite-float16 holds them as float16' : `no output holds ${weights}`
  const figures = activations === null ? 'activations are float32' : 'activations are float32 in the figures before and after; "simulated" is of int8 ones'
  return `weights have values of ${weights} in the type of the model file; ${held}; ${figures}`
}
