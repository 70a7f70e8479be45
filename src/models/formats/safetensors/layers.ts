/** Layers out of the names of tensors, as a safetensors file tells of no others. */
import { EspalierError } from '../../../errors.ts'
import type { Architecture, WeightSpec } from '../../architecture/types.ts'
import type { LayerWeight, ModelLayer } from '../../model.ts'
import { isFloat } from '../file-tensor.ts'
import { DTYPES, PRUNED_DTYPES } from './dtypes.ts'
import type { SafeTensor } from './file.ts'

/** Why such a model cannot be run. */
export const NO_GRAPH = 'a safetensors file has weights but no layer graph'

/** The role of a tensor that belongs to no layer by its name. */
const OWN_ROLE = 'weight'

/**
 * `model.layers.0.fc1.weight` is the weight `weight` of the layer `model/layers/0/fc1`. A name without a dot, or with nothing between two, is a layer
 * of its own with one weight. Throws `unsupported-format` for two names that come to the same.
 */
export function layersOfTensors (tensors: readonly SafeTensor[]): { architecture: Architecture, layers: ModelLayer[] } {
  const byPath = new Map<string, Map<string, SafeTensor>>()
  for (const tensor of tensors) {
    const { path, role } = placeOf(tensor.key)
    const weights = byPath.get(path) ?? new Map<string, SafeTensor>()
    const other = weights.get(role)
    if (other !== undefined) throw new EspalierError('unsupported-format', `the tensors ${other.key} and ${tensor.key} would both be ${path}/${role}; rename one of them`, { path, role })
    byPath.set(path, weights.set(role, tensor))
  }
  const layers = [...byPath].map(([path, weights], index): ModelLayer => {
    const layer = { path, className: 'Unknown', trainable: true, containers: [], indexInContainer: index }
    return { path, className: layer.className, layer, weights: [...weights].map(([role, tensor]) => weightOf(role, tensor)) }
  })
  return { architecture: { name: '', layers: layers.map(({ layer }) => layer), problem: NO_GRAPH }, layers }
}

/** The other way round: what a layer's weight is called in a safetensors file. */
export function tensorName (path: string, role: string): string {
  return `${path.replaceAll('/', '.')}.${role}`
}

export function placeOf (name: string): { path: string, role: string } {
  const parts = name.split('.')
  if (parts.length < 2 || parts.includes('')) return { path: name, role: OWN_ROLE }
  return { path: parts.slice(0, -1).join('/'), role: parts.at(-1)! }
}

function weightOf (role: string, tensor: SafeTensor): LayerWeight {
  const reason = reasonToKeep(role, tensor)
  const isNever = !isFloat(tensor.type) || tensor.begin === tensor.end
  return { role, tensor, prunable: reason === undefined, ...(reason !== undefined && { reason }), ...(isNever && { spec: never(role, tensor, reason!) }) }
}

function reasonToKeep (role: string, { dtype, shape, begin, end }: SafeTensor): string | undefined {
  if (!('pruned' in DTYPES[dtype])) return `${dtype} tensors are kept as they are; ${PRUNED_DTYPES} are pruned`
  if (begin === end) return 'it is empty'
  // Attention masks of some models are tables by this name, and no recipe means them.
  if (role === 'bias') return 'biases are left alone'
  return shape.length < 2 ? 'of an unknown layer only weights of two axes or more are pruned' : undefined
}

/** Not trained: no recipe can opt it in, and it is no parameter that counts. */
function never (role: string, { shape }: SafeTensor, reason: string): WeightSpec {
  return { role, shape, trainable: false, prunable: false, reason, axes: { output: [], input: [], spatial: [] } }
}
