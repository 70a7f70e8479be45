/** A model of a Keras configuration with random weights, without a file. */
import { mulberry32 } from '../../src/datasets/random.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { sizeOf } from '../../src/models/tensor.ts'

export interface LayerConfig { readonly class_name: string, readonly config: Readonly<Record<string, unknown>> }

/** Layers one after the other; `shape` of an input begins with the axis of examples. */
export function sequential (shape: ReadonlyArray<number | null>, layers: readonly LayerConfig[]): Readonly<Record<string, unknown>> {
  return { class_name: 'Sequential', config: { name: 'model', layers: [{ class_name: 'InputLayer', config: { name: 'input', batch_shape: shape } }, ...layers] } }
}

/** Weights in [-0.5, 0.5). */
export function randomModel (config: Readonly<Record<string, unknown>>, seed = 1): ModelFile {
  const random = mulberry32(seed)
  const architecture = readArchitecture(config)
  const layers = architecture.layers.map((layer) => ({
    path: layer.path,
    className: layer.className,
    layer,
    weights: (layer.weights ?? []).map((spec) => {
      const values = Float32Array.from({ length: sizeOf(spec.shape) }, () => random() - 0.5)
      const tensor = { key: `${layer.path}/${spec.role}`, shape: spec.shape, type: 'float32' as const, read: async () => values, async * chunks () { yield values } }
      return { role: spec.role, spec, prunable: spec.prunable, tensor }
    }),
  }))
  return { format: 'keras', source: bytesInMemory(new Uint8Array()), architecture, layers, config, producer: {}, hasOptimizerState: false, rest: undefined }
}
