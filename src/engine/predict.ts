/** What runs a model, and the one of layer graphs: weights uploaded once, batches run through the graph on TensorFlow. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'
import type { HeldChanges, ModelFile } from '../models/model.ts'
import type { Shape } from '../models/tensor.ts'
import { createRunner, type Execution, type RunMode } from './infer/runner.ts'
import { loadWeights } from './infer/weights.ts'
import type { Tf } from './runtime.ts'

export type { Execution, RunMode } from './infer/runner.ts'

/** One input or output of a batch: row-major values, `shape` begins with the number of examples. */
export interface BatchArray { readonly values: Float32Array, readonly shape: Shape }

/** Holds device memory until `dispose`. */
export interface Predictor {
  /**
   * Says that so many batches of these shapes (the number of examples first, one shape per input) come: where it pays they are compiled into one
   * TensorFlow graph, which holds the weights once more. Without it, and for all other shapes, batches are run one operation at a time; both ways
   * agree within 1e-6 of values up to 1.
   */
  prepare (batches: number, shapes: readonly Shape[]): Execution
  /** Outputs in the model's order. Inputs are scaled already. Throws `shape-mismatch` when their number differs. */
  predict (inputs: readonly BatchArray[]): Promise<BatchArray[]>
  /** Inputs that lie where the model runs, for timing. */
  hold (inputs: readonly BatchArray[]): HeldBatch
  dispose (): void
}

/** One whose weights can be changed. */
export interface ChangingPredictor extends Predictor {
  /** Other values for weights, by tensor key, from the next batch on. Throws `not-found` for a key that is none of the forward pass. */
  assign (values: HeldChanges): void
}

export interface HeldBatch {
  /** In one run: as many as the model takes, where that is fixed. */
  readonly examples: number
  /** One forward pass, its outputs read back. */
  run (): void | Promise<void>
  dispose (): void
}

export interface PredictorOptions { readonly mode?: RunMode }

/**
 * Puts a model on the device, with `changes` in place of the file's values where given. Tensors that `base` (the same file, unchanged) holds already
 * could be shared, but each predictor owns its own: one may be disposed of before the other. Throws `unsupported-layer` when the graph cannot be run.
 */
export async function createPredictor (tf: Tf, model: ModelFile, changes?: HeldChanges, { mode = 'auto' }: PredictorOptions = {}): Promise<ChangingPredictor> {
  const { architecture } = model
  const graph = architecture.graph
  if (graph === undefined) {
    throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  }
  const weights = await loadWeights(model, changes)
  const runner = createRunner(architecture, weights, mode)
  const fed = (inputs: readonly BatchArray[]): Tensor[] => inputs.map(({ values, shape }) => tf.tensor(values, [...shape], 'float32'))
  return {
    prepare: runner.prepare,
    hold (inputs) {
      const held = fed(inputs)
      return {
        examples: inputs[0]?.shape[0] ?? 1,
        run () {
          const outputs = runner.run(held)
          for (const output of outputs) output.dataSync()
          tf.dispose(outputs)
        },
        dispose () { tf.dispose(held) },
      }
    },
    async predict (inputs) {
      if (inputs.length !== graph.inputs.length) {
        throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs (${graph.inputShapes.map(shapeText).join(', ')}), ${inputs.length} are given`)
      }
      const given = fed(inputs)
      let outputs: Tensor[] = []
      try {
        outputs = runner.run(given)
        return await Promise.all(outputs.map(async (output) => ({ values: Float32Array.from(await output.data()), shape: output.shape })))
      } finally {
        tf.dispose([given, outputs])
      }
    },
    assign (values) {
      const known = new Map(weights.list.map((weight) => [weight.key, weight]))
      for (const [key, given] of values) {
        const weight = known.get(key)
        if (weight === undefined) throw new EspalierError('not-found', `there is no weight ${key} in the forward pass`)
        runner.assign(weight.name, weight.variable, given)
      }
    },
    dispose () {
      runner.dispose()
      weights.dispose()
    },
  }
}

function shapeText (shape: ReadonlyArray<number | null>): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`
}
