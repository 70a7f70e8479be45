/** Which layers of a model can be factorized, and why others cannot. */
import { entriesIn } from '../../models/architecture/insert-layers.ts'
import type { Architecture, ArchitectureLayer, GraphNode } from '../../models/architecture/types.ts'
import type { ConvolutionConfig } from '../../models/layers/convolution.ts'
import { spatialSizes } from '../../models/layers/shapes.ts'
import type { LayerWeight, ModelFile } from '../../models/model.ts'
import { matches } from '../glob.ts'
import { countZeros } from '../sparse.ts'
import type { Kernel } from './decompose.ts'

export interface Candidate {
  readonly layer: ArchitectureLayer
  readonly weight: LayerWeight
  readonly values: Float32Array
  readonly kernel: Kernel
  /** Multiplications of the layer as it is, over all its applications. */
  readonly macs: number
}

export interface Skipped { readonly layer: string, readonly reason: string }

/** Zeros that pruning leaves are more; a few come about in training. */
const MAX_SPARSITY = 0.001

/** The time to decompose a matrix grows with the third power of a side: at this one it is about a minute. */
const MAX_SIDE = 2048

const CONVOLUTIONS: ReadonlySet<string | undefined> = new Set(['Conv1D', 'Conv2D', 'Conv3D'])

/** Layers with kernels that match one of `globs`. Reads the kernels. */
export async function candidatesOf (model: ModelFile, globs: readonly string[]): Promise<{ candidates: Candidate[], skipped: Skipped[] }> {
  const { architecture, layers } = model
  const entries = entriesIn(model.config)
  const candidates: Candidate[] = []
  const skipped: Skipped[] = []
  for (const { path, layer, weights } of layers) {
    const weight = weights.find(({ prunable }) => prunable)
    if (weight === undefined || !globs.some((glob) => matches(glob, path))) continue
    const nodes = nodesOf(architecture, path)
    const reason = (entries.get(path)?.length ?? 0) === 1 ? whyNot(layer, nodes) : 'several models within the model share it'
    const values = reason === undefined ? await weight.tensor.read() : new Float32Array()
    const why = reason ?? whyNotKernel(values)
    if (why === undefined) candidates.push({ layer, weight, values, kernel: kernelOf(layer, weight, nodes), macs: nodes.reduce((sum, { macs }) => sum + macs, 0) })
    else skipped.push({ layer: path, reason: why })
  }
  return { candidates, skipped }
}

function nodesOf ({ graph, layers }: Architecture, path: string): GraphNode[] {
  return graph!.nodes.filter(({ layer }) => layers[layer]!.path === path)
}

function whyNot ({ type, className, config, weights, rules }: ArchitectureLayer, nodes: readonly GraphNode[]): string | undefined {
  const isConvolution = CONVOLUTIONS.has(type)
  if (type !== 'Dense' && !isConvolution) return `layers of type ${className} are not factorized`
  if (isConvolution && (config as ConvolutionConfig).groups > 1) return 'convolutions in groups are not factorized'
  if (nodes.length === 0) return 'nothing that leads to an output applies it'
  if (rules?.kernel?.constraint !== undefined) return 'its kernel has a constraint, which factors would not keep'
  const [inputs, outputs] = weights!.find(({ role }) => role === 'kernel')!.shape.slice(-2) as [number, number]
  const side = type === 'Dense' || areaOf(weights![0]!.shape) === 1 ? Math.min(inputs, outputs) : Math.max(inputs, outputs)
  return side > MAX_SIDE ? `its kernel has ${side} channels, at most ${MAX_SIDE} are decomposed` : undefined
}

function whyNotKernel (values: Float32Array): string | undefined {
  if (!values.every(Number.isFinite)) return 'its kernel has values that are no finite numbers'
  const zeros = countZeros(values)
  return zeros > MAX_SPARSITY * values.length ? `${zeros} of its ${values.length} weights are zero, and factors would not keep them so` : undefined
}

function kernelOf ({ type, config }: ArchitectureLayer, { tensor: { shape } }: LayerWeight, nodes: readonly GraphNode[]): Kernel {
  const [inputs, outputs] = shape.slice(-2) as [number, number]
  const positions = areaOf(shape)
  const placesOut = nodes.reduce((sum, { macs }) => sum + macs, 0) / (positions * inputs * outputs)
  const placesIn = type === 'Dense'
    ? placesOut
    : nodes.reduce((sum, { inputShapes }) => sum + spatialSizes(inputShapes[0]!, (config as ConvolutionConfig).format).reduce<number>((area, size) => area * (size ?? 1), 1), 0)
  return { positions, inputs, outputs, placesIn, placesOut }
}

function areaOf (shape: readonly number[]): number {
  return shape.slice(0, -2).reduce((area, size) => area * size, 1)
}
