/** What the targets of a training run say about each output: the same as evaluation sees. */
import type { Architecture } from '../../models/architecture/types.ts'
import { lastActivation, type TargetFacts } from '../metrics/infer.ts'
import { rowsOf, type StreamedData, type TrainingData } from './data.ts'

/** How many examples are looked at to tell class indices from real values. */
const PROBE = 1000

export async function factsOf (architecture: Architecture, data: TrainingData | StreamedData): Promise<TargetFacts[]> {
  return await Promise.all(data.targets.map(async (target, index) => {
    const probe = await rowsOf(target, 0, Math.min(PROBE, data.examples))
    return {
      output: (architecture.graph?.outputShapes[index] ?? []).slice(1).map((size) => size ?? 1),
      target: target.shape,
      type: target.type ?? 'float32',
      wholeNumbers: probe.every((value) => Number.isInteger(value) && value >= 0),
      activation: lastActivation(architecture, index),
    }
  }))
}
