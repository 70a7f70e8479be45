/** Puts factors in place of layers: new layers before each, and smaller kernels. */
import { entriesIn, insertBefore, type Insertion } from '../../models/architecture/insert-layers.ts'
import { editLayers } from '../../models/architecture/edit-layers.ts'
import type { Json } from '../../models/json.ts'
import type { ConvolutionConfig } from '../../models/layers/convolution.ts'
import { imageShape, slide, spatialSizes } from '../../models/layers/shapes.ts'
import type { ModelFile } from '../../models/model.ts'
import { reformedModel, type FormedTensor } from '../../models/reformed.ts'
import type { Shape, SymbolicShape } from '../../models/tensor.ts'
import type { Choice } from './choose.ts'
import type { Ranks } from './decompose.ts'

export interface Factorized {
  readonly model: ModelFile
  /** New layers' paths, and the layer that each came of. */
  readonly origins: ReadonlyMap<string, string>
}

/** A layer that comes before: the suffix of its name, what becomes of the settings, and of the positions of its kernel. */
interface Part { readonly suffix: string, readonly units: number, readonly window: 'own' | 'point' | 'strided-point', readonly inputs: number }

/** The layers that come before, in their order, and the window of the layer itself; its bias and activation stay its own. */
function partsOf ({ kind, rank }: Ranks, inputs: number, positions: number): { parts: Part[], last: Part['window'] } {
  switch (kind) {
    case 'svd': return { parts: [{ suffix: 'low_rank', units: rank[0]!, window: positions === 1 ? 'strided-point' : 'own', inputs }], last: 'point' }
    case 'channel': return { parts: [{ suffix: 'low_rank', units: rank[0]!, window: 'own', inputs }], last: 'point' }
    case 'tucker-2': return {
      parts: [{ suffix: 'low_rank', units: rank[0]!, window: 'point', inputs }, { suffix: 'core', units: rank[1]!, window: 'own', inputs: rank[0]! }],
      last: 'point',
    }
  }
}

/** The model with the chosen layers factorized. */
export function factorize (model: ModelFile, choices: readonly Choice[]): Factorized {
  let config: Json = model.config
  const tensors = new Map<string, Map<string, FormedTensor>>()
  const origins = new Map<string, string>()
  const names = new Set(model.layers.flatMap(({ path }) => path.split('/')))
  for (const { layer: { layer, weight, kernel, decomposition }, ranks } of choices) {
    if (ranks === null) continue
    const factors = decomposition.factors(ranks)
    const { parts, last } = partsOf(ranks, kernel.inputs, kernel.positions)
    const c = layer.config as ConvolutionConfig
    const isDense = layer.type === 'Dense'
    const spatial = weight.tensor.shape.slice(0, -2)
    const shapeFor = (window: Part['window'], inputs: number, units: number): Shape => [...window === 'own' ? spatial : spatial.map(() => 1), inputs, units]
    const entry = entriesIn(config).get(layer.path)![0]!
    const [prefix, own] = [layer.path.slice(0, layer.path.lastIndexOf('/') + 1), nameOf(entry)]
    const insertions: Insertion[] = parts.map((part, index) => {
      const name = freeName(`${own}_${part.suffix}`, names)
      names.add(name)
      origins.set(prefix + name, layer.path)
      tensors.set(prefix + name, new Map([['kernel', { shape: shapeFor(part.window, part.inputs, part.units), values: factors[index]!, like: weight.tensor }]]))
      return {
        entry: newEntry(entry, name, { ...(isDense ? { units: part.units } : { filters: part.units, ...windowOf(c, part.window) }) }, index > 0),
        output: (input: SymbolicShape) => isDense ? [...input.slice(0, -1), part.units] : slid(c, input, part),
      }
    })
    tensors.set(layer.path, new Map([['kernel', { shape: shapeFor(last, parts.at(-1)!.units, kernel.outputs), values: factors.at(-1)!, like: weight.tensor }]]))
    config = insertBefore(config, layer.path, insertions)
    config = withSettings(config, layer.path, isDense ? {} : windowOf(c, last))
  }
  return { model: reformedModel(model, config, tensors), origins }
}

function nameOf (entry: Json): string {
  return String(entry.name ?? (entry.config as Json).name)
}

/** No two layers of the model end in the same name: TF.js tells weights apart by it. */
function freeName (wanted: string, names: ReadonlySet<string>): string {
  let name = wanted
  for (let number = 1; names.has(name); number++) name = `${wanted}_${number}`
  return name
}

/** Settings that belong to what a layer gives, which is not what its factor gives. */
const OF_OUTPUTS = { use_bias: false, activation: 'linear', bias_regularizer: null, bias_constraint: null, activity_regularizer: null, kernel_regularizer: null } as const

/** A layer of the same class and number type, without bias and activation. `fed`: not from the inputs of the layer, so that what Keras noted of them does not hold. */
function newEntry (entry: Json, name: string, settings: Json, fed: boolean): Json {
  const { shared_object_id: _, build_config: built, inbound_nodes: _nodes, ...rest } = entry
  const { batch_input_shape: shape, ...config } = entry.config as Json
  return {
    ...rest,
    ...(entry.name !== undefined && { name }),
    config: { ...config, ...OF_OUTPUTS, ...settings, name, ...(shape !== undefined && !fed && { batch_input_shape: shape }) },
    ...(built !== undefined && !fed && { build_config: built }),
  }
}

/** What tells the window of a convolution. */
function windowOf ({ rank }: ConvolutionConfig, window: Part['window']): Json {
  const ones = new Array<number>(rank).fill(1)
  if (window === 'own') return {}
  return { kernel_size: ones, dilation_rate: ones, ...(window === 'point' && { strides: ones, padding: 'valid' }) }
}

function slid (c: ConvolutionConfig, input: SymbolicShape, { window, units }: Part): SymbolicShape {
  const spatial = spatialSizes(input, c.format)
  return imageShape(input[0]!, window === 'point' ? spatial : slide(spatial, { ...c, sizes: c.kernelSize }), units, c.format)
}

/** The layer itself with other settings; where it was the first one and told the input of the model, the new first layer tells it. */
function withSettings (config: Json, path: string, settings: Json): Json {
  return editLayers(config, (own, entry) => {
    if (own !== path) return entry
    const { batch_input_shape: _, ...rest } = entry.config as Json
    return { ...entry, config: { ...rest, ...settings } }
  })
}
