/** A residual network of 200 convolutions with random weights, in memory: what the time of the graph is measured on. */
import { mulberry32 } from '../../src/datasets/random.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { encodeNumbers } from '../../src/models/formats/encode.ts'
import { fileTensor } from '../../src/models/formats/file-tensor.ts'
import { datatypeOf } from '../../src/models/formats/hdf5/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { sizeOf, type Shape, type StoredTensor } from '../../src/models/tensor.ts'
import { GraphBuilder } from '../../test/support/graph-builder.ts'

/** Blocks and channels of each stage; every stage but the first begins with half the image and a convolution in the shortcut. */
export const NETWORK = { stages: [25, 25, 24, 24], widths: [16, 32, 64, 128], size: 32 } as const

const CLASSES = 10

export function residualNetwork (seed: number): ModelFile {
  const { stages, widths, size } = NETWORK
  const graph = new GraphBuilder()
  type Value = ReturnType<typeof graph.input>
  const one = (className: string, config: Record<string, unknown>, ...inputs: Value[]): Value => graph.add(className, config, inputs)[0]!
  const convolution = (x: Value, filters: number, kernel: number, strides: number): Value =>
    one('BatchNormalization', {}, one('Conv2D', { filters, kernel_size: kernel, strides, padding: 'same', use_bias: false }, x))
  const relu = (x: Value): Value => one('Activation', { activation: 'relu' }, x)
  const block = (x: Value, filters: number, strides: number): Value => {
    const body = convolution(relu(convolution(x, filters, 3, strides)), filters, 3, 1)
    return relu(one('Add', {}, body, strides === 1 ? x : convolution(x, filters, 1, strides)))
  }
  const input = graph.input([size, size, 3])
  let x = relu(convolution(input, widths[0], 3, 1))
  stages.forEach((blocks, stage) => {
    for (let count = 0; count < blocks; count++) x = block(x, widths[stage]!, stage > 0 && count === 0 ? 2 : 1)
  })
  const output = one('Dense', { units: CLASSES }, one('GlobalAveragePooling2D', {}, x))
  return withWeights(graph.config([input], [output]), seed)
}

function withWeights (config: Readonly<Record<string, unknown>>, seed: number): ModelFile {
  const architecture = readArchitecture(config)
  const random = mulberry32(seed)
  const layers = architecture.layers.map((layer) => ({
    path: layer.path, className: layer.className, layer,
    weights: (layer.weights ?? []).map((spec) => ({
      role: spec.role, spec, prunable: spec.prunable,
      tensor: held(`${layer.path}/${spec.role}`, spec.shape, Float32Array.from({ length: sizeOf(spec.shape) }, () => spec.role === 'moving_variance' ? 1 : random() - 0.5)),
    })),
  }))
  return { format: 'keras', source: bytesInMemory(new Uint8Array()), architecture, layers, config, producer: {}, hasOptimizerState: false, rest: undefined }
}

/** Reading costs nothing, as in a library whose weights are in memory. */
function held (key: string, shape: Shape, values: Float32Array): StoredTensor {
  const datatype = datatypeOf('float32')
  const bytes = encodeNumbers(values, datatype)
  return { ...fileTensor({ key, shape, type: 'float32', datatype, compressed: false, async * raw () { yield bytes } }), read: async () => values }
}
