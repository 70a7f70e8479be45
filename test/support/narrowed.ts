/** Small models with units, filters and channels taken out by hand: which settings change, and which slices of which weights go. */
import { editLayers } from '../../src/models/architecture/edit-layers.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { remadeModel, type RemadeTensor } from '../../src/models/remade.ts'

/** `settings`: by layer what changes in its configuration, members of objects and lists by name. `dropped`: by weight (`layer/role`) and axis the indices that go. */
export interface Narrowing {
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly dropped: Readonly<Record<string, Readonly<Record<number, readonly number[]>>>>
}

const [UNITS, MORE] = [[0, 7, 13, 299], [1, 98]]
const [FIRST, SECOND, HIDDEN] = [[3, 19], [0, 20, 21], [499]]
/** Of a flattened map of 4 x 4 positions and 50 channels. */
const FLATTENED = SECOND.flatMap((channel) => Array.from({ length: 16 }, (_, position) => position * 50 + channel))
const [STREAM, INNER] = [[2, 7], [0, 3, 4]]

/** Unit numbers in every gate of a recurrent layer of so many units. */
const gated = (units: readonly number[], of: number, gates: number) => Array.from({ length: gates }, (_, gate) => units.map((unit) => gate * of + unit)).flat()
/** Of LSTM (4 gates) and GRU (3), whose bias has a second row. */
const recurrent = (name: string, units: readonly number[], of: number, gates: number, inputs: readonly number[]) => ({
  [`${name}kernel`]: { 0: inputs, 1: gated(units, of, gates) },
  [`${name}recurrent_kernel`]: { 0: units, 1: gated(units, of, gates) },
  [`${name}bias`]: { [gates === 3 ? 1 : 0]: gated(units, of, gates) },
})
/** What two streams of six lose, the left one those that a unit each of the two directions gives. */
const [LEFT, RIGHT] = [[1, 3], [0, 5]]
const projection = (name: string, inputs: readonly number[]) => ({ [`${name}/kernel`]: { 0: inputs } })

const norm = (name: string, channels: readonly number[]) => Object.fromEntries(['gamma', 'beta', 'moving_mean', 'moving_variance'].map((role) => [`${name}/${role}`, { 0: channels }]))

export const NARROWINGS = {
  mlp: {
    settings: { dense: { units: 296 }, dense_1: { units: 98 } },
    dropped: {
      'dense/kernel': { 1: UNITS }, 'dense/bias': { 0: UNITS },
      'dense_1/kernel': { 0: UNITS, 1: MORE }, 'dense_1/bias': { 0: MORE },
      'dense_2/kernel': { 0: MORE },
    },
  },
  lenet5: {
    settings: { conv2d: { filters: 18 }, conv2d_1: { filters: 47 }, dense_3: { units: 499 } },
    dropped: {
      'conv2d/kernel': { 3: FIRST }, 'conv2d/bias': { 0: FIRST },
      'conv2d_1/kernel': { 2: FIRST, 3: SECOND }, 'conv2d_1/bias': { 0: SECOND },
      'dense_3/kernel': { 0: FLATTENED, 1: HIDDEN }, 'dense_3/bias': { 0: HIDDEN },
      'dense_4/kernel': { 0: HIDDEN },
    },
  },
  /** The first block within, and the stream that it adds to. */
  resnet8: {
    settings: { conv2d_2: { filters: 6 }, conv2d_3: { filters: 5 }, conv2d_4: { filters: 6 } },
    dropped: {
      'conv2d_2/kernel': { 3: STREAM }, ...norm('batch_normalization', STREAM),
      'conv2d_3/kernel': { 2: STREAM, 3: INNER }, ...norm('batch_normalization_1', INNER),
      'conv2d_4/kernel': { 2: INNER, 3: STREAM }, ...norm('batch_normalization_2', STREAM),
      'conv2d_5/kernel': { 2: STREAM }, 'conv2d_7/kernel': { 2: STREAM },
    },
  },
  /** Within the nested models, and what goes into and out of them. */
  nested: {
    settings: {
      'encoder/conv': { filters: 2 }, 'encoder/separable': { filters: 3 },
      shared: { units: 2 }, 'head/dense': { units: 3 }, 'head/dense_1': { units: 3 },
    },
    dropped: {
      'encoder/conv/kernel': { 3: [1] }, ...norm('encoder/norm', [1]),
      'encoder/depth/kernel': { 2: [1] }, 'encoder/depth/bias': { 0: [1] },
      'encoder/separable/depthwise_kernel': { 2: [1] }, 'encoder/separable/pointwise_kernel': { 2: [1], 3: [0] }, 'encoder/separable/bias': { 0: [0] },
      'shared/kernel': { 0: [0], 1: [1, 3] }, 'shared/bias': { 0: [1, 3] },
      'head/dense/kernel': { 0: [1, 3], 1: [2] }, 'head/dense/bias': { 0: [2] },
      'head/dense_1/kernel': { 0: [2], 1: [3] }, 'head/dense_1/bias': { 0: [3] },
      'out/kernel': { 0: [3] }, 'value/kernel': { 0: [3] },
    },
  },
  /** Layers made of layers, and several inputs. */
  sequences: {
    settings: {
      embedding: { output_dim: 3 },
      both: { layer: { config: { units: 2 } }, backward_layer: { config: { units: 2 } } },
      stack: { cell: { config: { cells: { 0: { config: { units: 3 } }, 1: { config: { units: 5 } } } } } },
      distributed: { layer: { config: { units: 4 } } },
      einsum: { output_shape: { 1: 4 } },
      gru: { units: 3 },
    },
    dropped: {
      'embedding/embeddings': { 1: [2] },
      ...recurrent('both/forward_layer/', [1], 3, 4, [2]), ...recurrent('both/backward_layer/', [0], 3, 4, [2]),
      ...recurrent('stack/cell_0/', [2], 4, 4, []), ...recurrent('stack/cell_1/', [4], 6, 3, [2]),
      'distributed/kernel': { 0: [4], 1: RIGHT }, 'distributed/bias': { 0: RIGHT },
      ...projection('heads/query', LEFT), ...projection('heads/key', RIGHT), ...projection('heads/value', RIGHT),
      'heads/attention_output/kernel': { 2: LEFT }, 'heads/attention_output/bias': { 0: LEFT },
      ...projection('groups/query', LEFT), ...projection('groups/key', RIGHT), ...projection('groups/value', RIGHT),
      'groups/attention_output/kernel': { 2: LEFT }, 'groups/attention_output/bias': { 0: LEFT },
      'einsum/kernel': { 0: LEFT, 1: LEFT }, 'einsum/bias': { 0: LEFT },
      'norm/gamma': { 0: LEFT }, 'norm/beta': { 0: LEFT }, 'additive/scale': { 0: LEFT },
      ...recurrent('gru/', [0], 4, 3, LEFT), 'simple/kernel': { 0: LEFT }, 'out/kernel': { 0: [0] },
    },
  },
  /** Number types besides float32. */
  types: {
    settings: { dense_float16: { units: 5 }, dense_bfloat16: { units: 4 }, dense_float64: { units: 5 } },
    dropped: {
      'dense_float16/kernel': { 1: [2] }, 'dense_float16/bias': { 0: [2] },
      'dense_bfloat16/kernel': { 0: [2], 1: [0, 5] }, 'dense_bfloat16/bias': { 0: [0, 5] },
      'dense_float64/kernel': { 0: [0, 5], 1: [1] }, 'dense_float64/bias': { 0: [1] },
      'dense_mixed_float16/kernel': { 0: [1] },
    },
  },
} as const satisfies Record<string, Narrowing>

/** The new configuration, build shapes aside, and the new tensors by key. */
export async function narrowing (model: ModelFile, { settings, dropped }: Narrowing) {
  const config = editLayers(model.config, (path, entry) => Object.hasOwn(settings, path) ? { ...entry, config: merged(entry.config, settings[path]) } : entry)
  const tensors = new Map<string, RemadeTensor>()
  const missing = new Set(Object.keys(dropped))
  for (const { path, weights } of model.layers) {
    for (const { role, tensor } of weights) {
      const axes = dropped[`${path}/${role}`]
      if (axes === undefined) continue
      missing.delete(`${path}/${role}`)
      tensors.set(tensor.key, Object.entries(axes).reduce((kept, [axis, indices]) => without(kept, Number(axis), indices), { shape: tensor.shape, values: await tensor.read() } as RemadeTensor))
    }
  }
  if (missing.size > 0) throw new Error(`no weights ${[...missing].join(', ')}`)
  return { config, tensors }
}

export async function narrowed (model: ModelFile, given: Narrowing): Promise<ModelFile> {
  const { config, tensors } = await narrowing(model, given)
  return remadeModel(model, config, tensors)
}

function merged (value: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change
  const result = Array.isArray(value) ? [...value as unknown[]] : { ...value as object }
  for (const [key, item] of Object.entries(change)) Object.assign(result, { [key]: merged((value as Record<string, unknown>)[key], item) })
  return result
}

/** As numpy.delete does it. */
function without ({ shape, values }: RemadeTensor, axis: number, indices: readonly number[]): RemadeTensor {
  const stride = shape.slice(axis + 1).reduce((product, size) => product * size, 1)
  const gone = new Set(indices)
  return {
    shape: shape.map((size, at) => at === axis ? size - gone.size : size),
    values: values.filter((_, at) => !gone.has(Math.floor(at / stride) % shape[axis]!)),
  }
}
