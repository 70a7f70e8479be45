/** Evaluates one model again and again with other weights, its examples opened once: a layer graph is compiled once, other models are loaded each time. */
import type { ExampleArray, Split } from '../datasets/dataset.ts'
import type { ModelFile, HeldChanges } from '../models/model.ts'
import { evaluate, type EvaluateOptions } from './evaluate.ts'
import { createPredictor, type Predictor } from './predict.ts'
import type { Tf } from './runtime.ts'
import { rowsOf, type ExampleRows, type ExampleValues, type StreamedData, type TrainingData } from './train/data.ts'

export interface Evaluator {
  readonly examples: number
  /** Loss and metrics with `changes` in place of the file's values; weights that earlier calls changed and this one does not are the file's again. */
  evaluate (changes: HeldChanges): Promise<Record<string, number>>
  dispose (): void
}

export interface EvaluatorRequest extends Pick<EvaluateOptions, 'batchSize' | 'task'> {
  readonly model: ModelFile
  /** Scaled and in the model's shapes. */
  readonly data: TrainingData | StreamedData
  readonly signal?: AbortSignal
}

/** For layer graphs. Holds device memory until `dispose`. Throws what `createPredictor` and `evaluate` throw. */
export async function createEvaluator ({ tf, model, data, ...options }: EvaluatorRequest & { readonly tf: Tf }): Promise<Evaluator> {
  const predictor = await createPredictor(tf, model)
  const split = splitOf(data)
  const tensors = new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
  let changed = new Set<string>()
  return {
    examples: data.examples,
    async evaluate (changes) {
      const own = await Promise.all([...changed].filter((key) => !changes.has(key)).map(async (key): Promise<[string, Float32Array]> => [key, await tensors.get(key)!.read()]))
      predictor.assign(new Map([...own, ...changes]))
      changed = new Set(changes.keys())
      const { metrics } = await evaluate(model.architecture, [predictor], split, options)
      return metrics[0]!
    },
    dispose () { predictor.dispose() },
  }
}

/** For models that `load` makes ready with their weights, of which one is held at a time. Throws what `load` and `evaluate` throw. */
export function createLoadingEvaluator (load: (changes: HeldChanges) => Promise<Predictor>, { model, data, ...options }: EvaluatorRequest): Evaluator {
  const split = splitOf(data)
  return {
    examples: data.examples,
    async evaluate (changes) {
      const predictor = await load(changes)
      try {
        const { metrics } = await evaluate(model.architecture, [predictor], split, options)
        return metrics[0]!
      } finally {
        predictor.dispose()
      }
    },
    dispose () {},
  }
}

function splitOf ({ examples, features, targets }: TrainingData | StreamedData): Split {
  return { examples, features: features.map(arrayOf), targets: targets.map(arrayOf) }
}

function arrayOf (array: ExampleValues | ExampleRows): ExampleArray {
  return { shape: array.shape, type: array.type ?? 'float32', read: async (from, to) => await rowsOf(array, from, to) }
}
