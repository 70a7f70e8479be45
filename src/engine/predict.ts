/** A model on the device: weights uploaded once, batches run through the layer graph. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'
import type { ModelFile, TensorChanges } from '../models/model.ts'
import type { Shape } from '../models/tensor.ts'
import { runGraph } from './forward.ts'
import type { Tf } from './runtime.ts'

/** One input or output of a batch: row-major values, `shape` begins with the number of examples. */
export interface BatchArray { readonly values: Float32Array, readonly shape: Shape }

/** Holds device memory until `dispose`. */
export interface Predictor {
  /** Outputs in the model's order. Inputs are scaled already. Throws `shape-mismatch` when their number differs. */
  predict (inputs: readonly BatchArray[]): Promise<BatchArray[]>
  /** The same on tensors; the caller disposes of what comes back. For timing. */
  run (inputs: readonly Tensor[]): Tensor[]
  dispose (): void
}

export type WeightTensors = Record<string, Tensor>

/**
 * Puts a model on the device, with `changes` in place of the file's values where given. Tensors that `base` (the same file, unchanged) holds already
 * could be shared, but each predictor owns its own: one may be disposed of before the other. Throws `unsupported-layer` when the graph cannot be run.
 */
export async function createPredictor (tf: Tf, model: ModelFile, changes?: TensorChanges): Promise<Predictor> {
  const { architecture } = model
  const graph = architecture.graph
  if (graph === undefined) {
    throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  }
  const weights = await uploadWeights(tf, model, changes)

  function run (inputs: readonly Tensor[]): Tensor[] {
    return tf.tidy(() => runGraph(architecture, (layer) => weights[layer] ?? {}, [...inputs]))
  }

  return {
    run,
    async predict (inputs) {
      if (inputs.length !== graph.inputs.length) {
        throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs (${graph.inputShapes.map(shapeText).join(', ')}), ${inputs.length} are given`)
      }
      const fed = inputs.map(({ values, shape }) => tf.tensor(values, [...shape], 'float32'))
      let outputs: Tensor[] = []
      try {
        outputs = run(fed)
        return await Promise.all(outputs.map(async (output) => ({ values: Float32Array.from(await output.data()), shape: output.shape })))
      } finally {
        tf.dispose([fed, outputs])
      }
    },
    dispose () { tf.dispose(weights) },
  }
}

async function uploadWeights (tf: Tf, model: ModelFile, changes?: TensorChanges): Promise<WeightTensors[]> {
  const byPath = new Map(model.layers.map((layer) => [layer.path, layer]))
  const uploaded: WeightTensors[] = []
  try {
    for (const layer of model.architecture.layers) {
      const tensors: WeightTensors = {}
      uploaded.push(tensors)
      for (const { role, spec, tensor } of byPath.get(layer.path)?.weights ?? []) {
        // Weights that the layer table does not know (seeds, counters) play no part in a forward pass.
        if (spec === undefined) continue
        tensors[role] = tf.tensor(changes?.get(tensor.key) ?? await tensor.read(), [...tensor.shape], 'float32')
      }
    }
    return uploaded
  } catch (error) {
    tf.dispose(uploaded)
    throw error
  }
}

function shapeText (shape: ReadonlyArray<number | null>): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`
}
