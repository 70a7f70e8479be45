/** Folds batch normalisation into the weights of the layers before it: y = gamma (W x + b - mean) / sqrt(variance + epsilon) + beta. */
import { editLayers } from '../../models/architecture/edit-layers.ts'
import { takeOut } from '../../models/architecture/insert-layers.ts'
import type { Json } from '../../models/json.ts'
import type { BatchNormalizationConfig } from '../../models/layers/normalization.ts'
import type { LayerWeight, ModelFile } from '../../models/model.ts'
import { reformedModel, type FormedTensor } from '../../models/reformed.ts'
import type { Shape } from '../../models/tensor.ts'
import { OUTPUTS_OF, pairsOf, type Kept, type Pair } from './pairs.ts'

export interface Folded {
  readonly layer: string
  readonly into: string
  /** Had the layer no bias before? */
  readonly madeBias: boolean
}

/**
 * The model without the normalisations that could be folded, and which ones these are. Kernels keep their zeros; numbers are computed in float64 and rounded to the type of the
 * kernel. With nothing to fold it is the same model.
 */
export async function foldNorms (given: ModelFile): Promise<{ model: ModelFile, folded: Folded[], kept: Kept[] }> {
  let model = given
  const folded: Folded[] = []
  for (;;) {
    const { pairs, kept } = pairsOf(model.architecture, model.config)
    if (pairs.length === 0) return { model, folded, kept }
    const tensors = new Map<string, Map<string, FormedTensor>>()
    let config: Json = model.config
    for (const pair of pairs) {
      const { norm, into } = pair
      const madeBias = !hasBias(model, into.path)
      tensors.set(into.path, await foldedWeights(model, pair))
      config = takeOut(config, norm.path)
      if (madeBias) config = withBias(config, into.path)
      folded.push({ layer: norm.path, into: into.path, madeBias })
    }
    model = reformedModel(model, config, tensors)
  }
}

function weightsOf (model: ModelFile, path: string): readonly LayerWeight[] {
  return model.layers.find((layer) => layer.path === path)!.weights
}

function hasBias (model: ModelFile, path: string): boolean {
  return weightsOf(model, path).some(({ role }) => role === 'bias')
}

function withBias (config: Json, path: string): Json {
  return editLayers(config, (own, entry) => own === path ? { ...entry, config: { ...entry.config as Json, use_bias: true } } : entry)
}

async function foldedWeights (model: ModelFile, { norm, into }: Pair): Promise<Map<string, FormedTensor>> {
  const { epsilon } = norm.config as BatchNormalizationConfig
  const read = async (path: string, role: string): Promise<Float32Array | undefined> => await weightsOf(model, path).find((weight) => weight.role === role)?.tensor.read()
  const [gamma, beta, mean, variance] = [await read(norm.path, 'gamma'), await read(norm.path, 'beta'), (await read(norm.path, 'moving_mean'))!, (await read(norm.path, 'moving_variance'))!]
  const scale = Float64Array.from(variance, (value, unit) => (gamma?.[unit] ?? 1) / Math.sqrt(value + epsilon))
  const { role, axes } = OUTPUTS_OF[into.type!]!
  const { tensor } = weightsOf(model, into.path).find((weight) => weight.role === role)!
  const bias = weightsOf(model, into.path).find((weight) => weight.role === 'bias')?.tensor
  const before = await bias?.read()
  const values = scaled(await tensor.read(), tensor.shape, axes(tensor.shape.length), scale)
  return new Map([
    [role, { shape: tensor.shape, values, like: tensor }],
    ['bias', { shape: [scale.length], values: Float32Array.from(scale, (factor, unit) => ((before?.[unit] ?? 0) - mean[unit]!) * factor + (beta?.[unit] ?? 0)), like: bias ?? tensor }],
  ])
}

/** Every weight times the factor of its output, which stands at these neighbouring axes. */
function scaled (values: Float32Array, shape: Shape, axes: readonly number[], factors: Float64Array): Float32Array {
  const inner = shape.slice(axes.at(-1)! + 1).reduce((product, size) => product * size, 1)
  // A zero stays the very zero that it was.
  return values.map((value, at) => value === 0 ? value : value * factors[Math.floor(at / inner) % factors.length]!)
}
