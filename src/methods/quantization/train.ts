/** Quantization-aware training: the forward pass sees weights on their grids, and activations in int8 where there are ranges. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { fakeQuantizeActivation, fakeQuantizeWeight } from '../../engine/prune/fake-quantize.ts'
import type { Pruner } from '../../engine/prune/pruner.ts'
import type { HeldChanges } from '../../models/model.ts'
import { planPruning } from '../../pruning/plan.ts'
import type { QuantizeSettings } from '../../pruning/stages/quantize.ts'
import { openExamples } from '../dynamic/open-examples.ts'
import { keptZeros } from '../dynamic/pool.ts'
import { trainModel, trainingOf } from '../dynamic/train-model.ts'
import { trainedResult } from '../dynamic/trained-result.ts'
import type { TrainingRecord } from '../receipt.ts'
import type { StageContext } from '../stages/stage.ts'
import { trainingContext } from '../stages/training-context.ts'
import type { Activations } from './activations.ts'
import type { WeightPlan } from './weights.ts'

export interface TrainedQuantized { readonly changes: HeldChanges, readonly training: TrainingRecord }

/** With the training of the settings; weights that are zero stay zero. Throws what training throws. */
export async function trainQuantized (context: StageContext, { training }: QuantizeSettings, plan: WeightPlan, activations: Activations | null): Promise<TrainedQuantized> {
  const own = await trainingContext(context, training!)
  const settings = trainingOf(own)
  const trained = await trainModel(own, {
    examples: await openExamples(own),
    pruner: quantizer(plan, activations),
    best: settings.keep === 'best',
    ...(own.teacher && { teacher: own.teacher }),
  })
  const { changes } = await trainedResult(own, trained, { plan: planPruning(context.model.layers, own.recipe), asked: () => null })
  return { changes, training: trained.record }
}

/** What it changes in the training step. */
export function quantizer ({ quantized }: WeightPlan, activations: Pick<Activations, 'nodes'> | null): Pruner {
  const grids = new Map(quantized.map(({ layer, role, grid }) => [`${layer}/${role}`, grid!]))
  return {
    mask: ({ name }, values) => grids.has(name) ? Float32Array.from(values, (value) => value === 0 ? 0 : 1) : undefined,
    keep: keptZeros,
    kinds: {
      train: {
        effective: ({ variable, name }) => fakeQuantizeWeight(variable, grids.get(name)!),
        ...(activations !== null && {
          outputs: (node: number, outputs: readonly Tensor[]) => outputs.map((output, at) => {
            const range = activations.nodes.get(node)?.[at]
            return range === undefined ? output : fakeQuantizeActivation(output, range)
          }),
        }),
      },
    },
  }
}
