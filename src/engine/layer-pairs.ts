/** The layers of a model whose weights have other shapes in another form of it, each with the application and the shapes that it is compared by. */
import { knownShapes, type NodeShapes } from '../models/architecture/known-shapes.ts'
import type { GraphNode } from '../models/architecture/types.ts'
import { sameShape } from '../models/formats/binding.ts'
import type { ModelFile } from '../models/model.ts'
import { sizeOf, type Shape } from '../models/tensor.ts'

/** One side of a pair: an application of the layer, and the shapes of its inputs. */
export interface Application { readonly model: ModelFile, readonly node: GraphNode, readonly inputs: readonly Shape[] }

export interface LayerPair {
  readonly layer: string
  readonly before: Application
  readonly after: Application
  /** Numbers of all inputs and outputs before. */
  readonly values: number
}

/** Size of an axis that nothing tells. */
const UNKNOWN_AXIS = 32

export interface PairOptions {
  /** Examples, where the model does not fix them. */
  readonly batch: number
  /** Of the layers to look at; all unless given. */
  readonly paths?: readonly string[]
  /** Shapes of one example, by input of the model, for axes of which the model does not know the size. */
  readonly example?: readonly Shape[]
}

/** Pairs of layers at their applications with the most multiplications before, in the order of these, most first. Throws as `knownShapes` does. */
export function layerPairs (before: ModelFile, after: ModelFile, options: PairOptions): LayerPair[] {
  const [old, remade] = [sideOf(before, options), sideOf(after, options)]
  return changedLayers(before, after).filter((path) => options.paths?.includes(path) ?? true).flatMap((layer): LayerPair[] => {
    const [mine, theirs] = [old.nodes.get(layer), remade.nodes.get(layer)]
    if (mine === undefined || theirs === undefined || mine.length !== theirs.length) return []
    const macs = mine.map((node) => before.architecture.graph!.nodes[node]!.macs)
    const at = macs.indexOf(Math.max(...macs))
    const { inputs, outputs } = old.shapes[mine[at]!]!
    return [{
      layer,
      before: applicationOf(old, mine[at]!),
      after: applicationOf(remade, theirs[at]!),
      values: [...inputs, ...outputs].reduce((sum, shape) => sum + sizeOf(shape), 0),
    }]
  }).sort((a, b) => b.before.node.macs - a.before.node.macs)
}

interface Side { readonly model: ModelFile, readonly shapes: readonly NodeShapes[], readonly nodes: ReadonlyMap<string, readonly number[]> }

function sideOf (model: ModelFile, { batch, example }: PairOptions): Side {
  const { graph, layers } = model.architecture
  const inputs = (graph?.inputShapes ?? []).map(([examples, ...axes], input) => [examples ?? batch, ...axes.map((size, axis) => size ?? example?.[input]?.[axis] ?? UNKNOWN_AXIS)])
  const shapes = knownShapes(model.architecture, inputs)
  const nodes = new Map<string, number[]>()
  for (const [index, { layer }] of graph!.nodes.entries()) {
    const path = layers[layer]!.path
    nodes.set(path, [...nodes.get(path) ?? [], index])
  }
  return { model, shapes, nodes }
}

function applicationOf ({ model, shapes }: Side, node: number): Application {
  return { model, node: model.architecture.graph!.nodes[node]!, inputs: shapes[node]!.inputs }
}

/** Paths of the layers that have a weight of another shape in `after`. */
function changedLayers (before: ModelFile, after: ModelFile): string[] {
  const shapesOf = (model: ModelFile) => new Map(model.layers.map(({ path, weights }) => [path, new Map(weights.map(({ role, tensor }) => [role, tensor.shape]))]))
  const remade = shapesOf(after)
  return [...shapesOf(before)].filter(([path, weights]) => {
    const others = remade.get(path)
    return [...weights].some(([role, shape]) => others?.has(role) === true && !sameShape(shape, others.get(role)!))
  }).map(([path]) => path)
}
