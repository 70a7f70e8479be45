/** The layers of a TF.js graph model: the nodes that take weights of the manifest, and what may be pruned of each. */
import type { ArchitectureLayer, WeightSpec } from '../../architecture/types.ts'
import type { LayerWeight, ModelLayer } from '../../model.ts'
import { bound } from '../binding.ts'
import type { FileTensor } from '../file-tensor.ts'
import { uniquePaths } from '../layer-paths.ts'
import type { ManifestGroup, ManifestWeight } from '../tfjs-manifest.ts'
import { storedTensor, widenedTensor } from '../tfjs-tensor.ts'
import { zeroPoint } from './affine.ts'
import type { GraphNode } from './graph-def.ts'
import { operatorOf, type Operator } from './operators.ts'
import { usesOf, type Use } from './uses.ts'

export interface GraphLayers {
  readonly layers: readonly ModelLayer[]
  /** Names of weights that several nodes take. */
  readonly shared: readonly string[]
}

/** A weight at the node it is listed with. */
interface Listed extends Pick<LayerWeight, 'role' | 'prunable'> { readonly tensor: FileTensor, readonly spec?: WeightSpec, readonly reason?: string }

/** A layer of what no node takes. */
const UNUSED = 'Const'

/**
 * A layer for each node that takes weights, in the order of the graphs, then one for each weight that no node takes. Numbers without axes, integers,
 * texts and complex numbers are settings, which are not listed. What the initializer of the model takes is left alone.
 */
export function graphLayers (graphs: readonly GraphNode[][], initializer: readonly GraphNode[][], groups: readonly ManifestGroup[]): GraphLayers {
  const tensors = new Map(groups.flatMap(({ source, weights }) => weights.filter(isListed).map((weight) => [weight.name, { weight, tensor: tensorOf(weight, source) }])))
  const initial = new Set(initializer.flat().map(({ name }) => name))
  const shared: string[] = []
  const byNode = new Map<GraphNode, Listed[]>()
  const unused = new Map(tensors)
  for (const nodes of graphs) {
    for (const [name, uses] of usesOf(nodes)) {
      const found = unused.get(name)
      if (found === undefined) continue
      unused.delete(name)
      if (uses.length > 1) shared.push(name)
      const use = uses.find((one) => isKernel(one, found.tensor)) ?? uses[0]!
      const list = byNode.get(use.node)
      const listed = listedAt(use, found.weight, found.tensor, initial.has(name))
      if (list === undefined) byNode.set(use.node, [listed])
      else list.push(listed)
    }
  }
  const pathOf = uniquePaths()
  const layers: ModelLayer[] = []
  for (const node of graphs.flat()) {
    const listed = byNode.get(node)
    if (listed !== undefined) layers.push(layerOf(pathOf([node.name]), node.op, layers.length, listed))
  }
  for (const { weight, tensor } of unused.values()) {
    const reason = initial.has(weight.name) ? INITIAL : 'no node of the graph takes it'
    layers.push(layerOf(pathOf([weight.name]), UNUSED, layers.length, [never('value', tensor, reason)]))
  }
  return { layers, shared }
}

const INITIAL = 'the initializer of the model takes it'

function isListed ({ dtype, stored, shape }: ManifestWeight): boolean {
  return dtype === 'float32' && stored !== undefined && shape.length > 0
}

function tensorOf (weight: ManifestWeight, group: ManifestGroup['source']): FileTensor {
  return weight.quantization === undefined || weight.quantization.dtype === 'float16' ? storedTensor(weight, group) : widenedTensor(weight, group)
}

function isKernel (use: Use, tensor: FileTensor): boolean {
  return specOf(use, tensor)?.prunable === true
}

function listedAt (use: Use, weight: ManifestWeight, tensor: FileTensor, isInitial: boolean): Listed {
  const role = roleOf(use)
  if (isInitial) return never(role, tensor, INITIAL)
  const spec = specOf(use, tensor)
  if (spec === undefined) return { role, tensor, prunable: false, reason: `as ${role} of ${use.node.op} it is not known to be a kernel` }
  const reason = spec.reason ?? reasonByQuantization(weight)
  const prunable = reason === undefined
  // Of what was reshaped on its way it is not known what the axes mean.
  return { role, tensor, prunable, ...(reason !== undefined && { reason }), ...((use.isAsStored || !prunable) && { spec: { ...spec, prunable, ...(reason !== undefined && { reason }) } }) }
}

function roleOf ({ node, input }: Use): string {
  return operatorOf(node.op)?.inputs[input] ?? `input_${input}`
}

function specOf (use: Use, tensor: FileTensor): WeightSpec | undefined {
  const { weights }: Partial<Operator> = operatorOf(use.node.op) ?? {}
  const role = roleOf(use)
  return weights !== undefined && Object.hasOwn(weights, role) ? weights[role]!(role, tensor.shape, use.node.attributes, use.input) : undefined
}

function reasonByQuantization ({ quantization }: ManifestWeight): string | undefined {
  if (quantization === undefined || quantization.dtype === 'float16' || zeroPoint(quantization) !== undefined) return undefined
  return `it is quantized as ${quantization.dtype}, and none of these integers stands for zero`
}

/** Not trained: no recipe can opt it in, and it is no parameter that counts. */
function never (role: string, tensor: FileTensor, reason: string): Listed {
  return { role, tensor, prunable: false, reason, spec: { role, shape: tensor.shape, trainable: false, prunable: false, reason, axes: { output: [], input: [], spatial: [] } } }
}

function layerOf (path: string, className: string, index: number, listed: readonly Listed[]): ModelLayer {
  const specs = listed.flatMap(({ spec }) => spec ?? [])
  const layer: ArchitectureLayer = { path, className, trainable: true, containers: [], indexInContainer: index, ...(specs.length === listed.length && { weights: specs }) }
  return bound(layer, listed)
}
