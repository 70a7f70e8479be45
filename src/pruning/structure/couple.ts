/** The dependency graph of channels: which places of which weights stand for one channel, along the whole layer graph. */
import { EspalierError } from '../../errors.ts'
import { whyNoGraph } from '../../models/architecture/no-graph.ts'
import type { Architecture, ArchitectureLayer, GraphNode } from '../../models/architecture/types.ts'
import { PLAIN_CALL } from '../../models/layers/layer-type.ts'
import type { SymbolicShape } from '../../models/tensor.ts'
import { joinAxes } from './axis-labels.ts'
import { ChannelSets, type AxisLabels, type Labels, type ValueLabels } from './channels.ts'
import type { Application } from './rule.ts'
import { ruleOf } from './rules/index.ts'

/** An axis of a weight that has channels. */
export interface Place {
  /** Path of the layer. */
  readonly layer: string
  readonly role: string
  readonly axis: number
  readonly labels: Labels
  /** Are these the channels that the layer makes, or those that it is given? */
  readonly side: 'output' | 'input'
}

/** Who makes channels. */
export interface Maker {
  readonly layer: string
  /** Of layers that make several kinds: `heads`, the prefix of a cell. */
  readonly name: string
  readonly labels: Labels
}

export interface Structure {
  readonly architecture: Architecture
  readonly sets: ChannelSets
  readonly places: readonly Place[]
  readonly makers: readonly Maker[]
  /** By node of the graph, then by output. */
  readonly values: ReadonlyArray<readonly ValueLabels[]>
}

export interface CoupleOptions {
  /** Why the channels that a layer makes must stay; undefined where they may go. */
  readonly keep?: (layer: string) => string | undefined
}

const OUTPUTS = 'its channels are the outputs of the model'

/**
 * Follows channels from the layers that make them to all weights that know of them, by the rules of the layer types. Source of the idea: Fang et al.,
 * DepGraph: Towards Any Structural Pruning, CVPR 2023, section 3; here places of axes are followed one by one, so that any mapping of places (flatten,
 * concatenate, split, reshape) is exact. Throws `unsupported-layer` for a model without a layer graph.
 */
export function coupleChannels (architecture: Architecture, options: CoupleOptions = {}): Structure {
  const structure = followChannels(architecture, options)
  for (const { node, output } of architecture.graph!.outputs) for (const axis of structure.values[node]![output]!) structure.sets.freeze(axis, OUTPUTS, true)
  return structure
}

/** The same where outputs of the model may go too. */
export function followChannels (architecture: Architecture, { keep = () => undefined }: CoupleOptions = {}): Structure {
  const { graph, layers } = architecture
  if (graph === undefined) throw new EspalierError('unsupported-layer', `channels are taken out along the layer graph of a Keras model (keras, keras-h5, tfjs-layers): ${whyNoGraph(architecture)}; give the Keras model it was made from, or zero weights in this one, as the method magnitude does`)
  const sets = new ChannelSets()
  const makers: Maker[] = []
  const bound = new Map<string, AxisLabels>()
  const fresh = new Map<string, Labels>()
  const applied = new Map<number, ValueLabels[]>()
  const values: ValueLabels[][] = []

  const make = (layer: string, size: number, name: string): Labels => {
    const known = fresh.get(`${layer}\n${name}`)
    if (known !== undefined) return known
    const labels = sets.fresh(size, makers.length)
    makers.push({ layer, name, labels })
    fresh.set(`${layer}\n${name}`, labels)
    const reason = keep(layer)
    if (reason !== undefined) sets.freeze(labels, reason)
    return labels
  }

  function apply (node: GraphNode, layer: ArchitectureLayer): ValueLabels[] {
    const application: Application<unknown> = {
      c: layer.config,
      inputs: node.inputs.map(({ node: from, output }) => values[from]![output]!),
      inputShapes: node.inputShapes,
      outputShapes: node.outputShapes,
      call: node.call ?? PLAIN_CALL,
      sets,
      fresh: (size, name = '') => make(layer.path, size, name),
      frozen (size, reason) {
        const labels = sets.fresh(size, NO_MAKER)
        sets.freeze(labels, reason)
        return labels
      },
      bind (role, axis, labels) {
        const spec = layer.weights?.find((one) => one.role === role)
        if (spec === undefined) return
        if (labels !== null && labels.length !== spec.shape[axis]) throw new EspalierError('internal', `${layer.path}/${role}: axis ${axis} has ${spec.shape[axis]} places, ${labels.length} channels are bound to it`)
        const key = placeKey(layer.path, role, axis)
        const before = bound.get(key)
        bound.set(key, before === undefined ? labels : before === null && labels === null ? null : joinAxes(sets, before, labels))
      },
    }
    const rule = ruleOf(layer.type!)
    const outputs = rule.couple(application)
    // The settings of a layer hold wherever it is applied.
    const before = applied.get(node.layer)
    if (before !== undefined && rule.resize !== undefined) outputs.forEach((labels, output) => { joinValues(sets, before[output]!, labels) })
    applied.set(node.layer, outputs)
    return outputs
  }

  for (const node of graph.nodes) {
    const outputs = apply(node, layers[node.layer]!)
    assertLabels(layers[node.layer]!.path, outputs, node.outputShapes)
    values.push(outputs)
    for (const mask of node.masks ?? []) for (const axis of mask === undefined ? [] : values[mask.node]![mask.output]!) sets.freeze(axis, 'it is a mask')
  }
  return { architecture, sets, makers, values, places: placesOf(layers, bound) }
}

const NO_MAKER = -1

function placeKey (layer: string, role: string, axis: number): string {
  return `${layer}\n${role}\n${axis}`
}

function placesOf (layers: readonly ArchitectureLayer[], bound: ReadonlyMap<string, AxisLabels>): Place[] {
  return layers.flatMap(({ path, weights = [] }) => weights.flatMap(({ role, shape, axes }) => shape.flatMap((_, axis): Place[] => {
    const labels = bound.get(placeKey(path, role, axis)) ?? null
    return labels === null ? [] : [{ layer: path, role, axis, labels, side: axes.output.includes(axis) ? 'output' : 'input' }]
  })))
}

function joinValues (sets: ChannelSets, a: ValueLabels, b: ValueLabels): void {
  a.forEach((labels, axis) => { if (labels !== null || b[axis] !== null) joinAxes(sets, labels, b[axis]!) })
}

/** A rule that gives labels of another size than its output has would go unnoticed until weights are cut. */
function assertLabels (path: string, outputs: readonly ValueLabels[], shapes: readonly SymbolicShape[]): void {
  for (const [output, shape] of shapes.entries()) {
    const labels = outputs[output]
    if (labels?.length === shape.length && labels.every((axis, at) => axis === null || axis.length === shape[at])) continue
    throw new EspalierError('internal', `layer ${path}: the channels of its output ${output} do not fit its shape [${shape.join(', ')}]`)
  }
}
