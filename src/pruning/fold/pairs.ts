/** Which batch normalisations can be folded into the layer before them, and why others stay. */
import { entriesIn } from '../../models/architecture/insert-layers.ts'
import type { Architecture, ArchitectureLayer, GraphNode } from '../../models/architecture/types.ts'
import type { Json } from '../../models/json.ts'
import type { DenseConfig } from '../../models/layers/core.ts'
import type { WindowConfig } from '../../models/layers/convolution.ts'
import type { BatchNormalizationConfig } from '../../models/layers/normalization.ts'

export interface Pair { readonly norm: ArchitectureLayer, readonly into: ArchitectureLayer }

export interface Kept { readonly layer: string, readonly reason: string }

/** The weight that makes the outputs of a layer, and its axes from which on a place is an output. */
export const OUTPUTS_OF: Readonly<Record<string, { readonly role: string, readonly axes: (rank: number) => readonly number[] }>> = {
  Dense: { role: 'kernel', axes: (rank) => [rank - 1] },
  Conv1D: { role: 'kernel', axes: (rank) => [rank - 1] },
  Conv2D: { role: 'kernel', axes: (rank) => [rank - 1] },
  Conv3D: { role: 'kernel', axes: (rank) => [rank - 1] },
  Conv1DTranspose: { role: 'kernel', axes: (rank) => [rank - 2] },
  Conv2DTranspose: { role: 'kernel', axes: (rank) => [rank - 2] },
  Conv3DTranspose: { role: 'kernel', axes: (rank) => [rank - 2] },
  DepthwiseConv1D: { role: 'kernel', axes: (rank) => [rank - 2, rank - 1] },
  DepthwiseConv2D: { role: 'kernel', axes: (rank) => [rank - 2, rank - 1] },
  SeparableConv1D: { role: 'pointwise_kernel', axes: (rank) => [rank - 1] },
  SeparableConv2D: { role: 'pointwise_kernel', axes: (rank) => [rank - 1] },
}

/** Of a layer graph. A layer that could be folded into takes one normalisation: what follows it can be folded once that one is gone. */
export function pairsOf (architecture: Architecture, config: Json): { pairs: Pair[], kept: Kept[] } {
  const { layers } = architecture
  const written = entriesIn(config)
  const pairs: Pair[] = []
  const kept: Kept[] = []
  for (const norm of layers) {
    if (norm.type !== 'BatchNormalization') continue
    const found = partnerOf(architecture, norm, written)
    if (typeof found === 'string') kept.push({ layer: norm.path, reason: found })
    else pairs.push({ norm, into: found })
  }
  return { pairs, kept }
}

/** The layer before, or why there is none to fold into. */
function partnerOf ({ layers, graph }: Architecture, norm: ArchitectureLayer, written: ReadonlyMap<string, readonly Json[]>): ArchitectureLayer | string {
  const { nodes, outputs } = graph!
  const own = nodesOf(nodes, layers.indexOf(norm))
  if (own.length !== 1) return own.length === 0 ? 'nothing that leads to an output applies it' : `it is applied ${own.length} times`
  const [{ node, index }] = own as [typeof own[number]]
  if (node.masks !== undefined || node.call !== undefined) return 'its call has arguments'
  const source = node.inputs[0]!.node
  const into = layers[nodes[source]!.layer]!
  if (into.type === undefined || !Object.hasOwn(OUTPUTS_OF, into.type)) return `it stands behind ${into.path}, a layer of type ${into.className}`
  if (into.containers.at(-1) !== norm.containers.at(-1)) return `${into.path} before it is in another model`
  const c = into.config as Pick<WindowConfig & DenseConfig, 'activation'> & Partial<Pick<WindowConfig, 'format'>>
  if (c.activation.name !== 'linear') return `${into.path} before it has the activation ${c.activation.name}`
  if (nodesOf(nodes, nodes[source]!.layer).length !== 1) return `${into.path} before it is applied several times`
  const readers = nodes.filter(({ inputs, masks }) => [...inputs, ...masks ?? []].some((ref) => ref?.node === source)).length
  if (readers > 1 || outputs.some((ref) => ref.node === source)) return `others read ${into.path} before it too`
  if (outputs.some((ref) => ref.node === index) && norm.containers.length === 0) return 'it is an output of the model'
  const rank = node.inputShapes[0]!.length
  const axis = c.format === 'channels_first' ? 1 : rank - 1
  const { axis: given, renorm } = norm.config as BatchNormalizationConfig
  if ((given < 0 ? given + rank : given) !== axis) return `it normalises another axis than the channels of ${into.path}`
  if (renorm) return 'it renormalises'
  if (into.rules?.[OUTPUTS_OF[into.type]!.role]?.constraint !== undefined) return `the kernel of ${into.path} before it has a constraint`
  if ([norm, into].some(({ path }) => written.get(path)?.length !== 1)) return 'several models within the model share it or the layer before it'
  return into
}

function nodesOf (nodes: readonly GraphNode[], layer: number): Array<{ node: GraphNode, index: number }> {
  return nodes.flatMap((node, index) => node.layer === layer ? [{ node, index }] : [])
}
