/** Takes channels out of a model: other sizes in its configuration, and weights without the places that went. */
import { editLayers } from '../../models/architecture/edit-layers.ts'
import type { ArchitectureLayer } from '../../models/architecture/types.ts'
import type { Json } from '../../models/json.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import { remadeModel, type RemadeTensor } from '../../models/remade.ts'
import type { SymbolicShape } from '../../models/tensor.ts'
import type { Labels, ValueLabels } from './channels.ts'
import type { Place, Structure } from './couple.ts'
import { gather } from './gather.ts'
import type { Resized } from './rule.ts'
import { ruleOf } from './rules/index.ts'

/** A choice of channels that go, by their roots, and what stays of each axis. */
export interface Cut {
  readonly structure: Structure
  /** Places that stay, in order. */
  kept (labels: Labels): number[]
  /** Does a place of the axis go? */
  shortens (labels: Labels): boolean
}

export function createCut (structure: Structure, gone: ReadonlySet<number>): Cut {
  const { sets } = structure
  // An axis is asked for once for every weight and value that has it.
  const known = new Map<Labels, number[]>()
  const kept = (labels: Labels): number[] => {
    const places = known.get(labels) ?? [...labels.keys()].filter((place) => !gone.has(sets.rootOf(labels[place]!)))
    known.set(labels, places)
    return places
  }
  return { structure, kept, shortens: (labels) => kept(labels).length < labels.length }
}

/** The configuration with the sizes that are left. */
export function shrunkConfig (config: Json, cut: Cut): Json {
  const { architecture } = cut.structure
  const layers = new Map(architecture.layers.map((layer, index) => [layer.path, { layer, index }]))
  return editLayers(config, (path, entry) => {
    const found = layers.get(path)
    const resize = found?.layer.type === undefined ? undefined : ruleOf(found.layer.type).resize
    const resized = found === undefined || resize === undefined ? undefined : resizedLayer(found.layer, found.index, cut)
    return resized === undefined ? entry : resize!(entry, resized)
  })
}

/** Undefined when no size of the layer changed, or the graph does not reach it. */
function resizedLayer (layer: ArchitectureLayer, index: number, cut: Cut): Resized | undefined {
  const { structure: { architecture, values, places }, kept } = cut
  const { nodes } = architecture.graph!
  const number = nodes.findIndex((one) => one.layer === index)
  if (number < 0) return undefined
  const { inputs, inputShapes, outputShapes } = nodes[number]!
  const given = inputs.map((ref) => values[ref.node]![ref.output]!)
  const own = places.filter((place) => place.layer === layer.path)
  const all = [...given, ...values[number]!].flat().concat(own.map(({ labels }) => labels))
  if (!all.some((labels) => labels !== null && cut.shortens(labels))) return undefined
  const sizes = (shape: SymbolicShape, labels: ValueLabels): SymbolicShape => shape.map((size, axis) => labels[axis] === null ? size : kept(labels[axis]!).length)
  return {
    c: layer.config,
    inputs: inputShapes.map((shape, input) => sizes(shape, given[input]!)),
    outputs: outputShapes.map((shape, output) => sizes(shape, values[number]![output]!)),
    before: { inputs: inputShapes, outputs: outputShapes },
    inputLabels: given,
    kept,
    weight: (role) => layer.weights?.find((one) => one.role === role)?.shape.map((size, axis) => {
      const labels = own.find((place) => place.role === role && place.axis === axis)?.labels
      return labels === undefined ? size : kept(labels).length
    }),
  }
}

/** The model without the channels. Reads the weights that change. `changes`: other values of tensors, which all are part of what is made. */
export async function shrinkModel (model: ModelFile, cut: Cut, changes: HeldChanges = new Map()): Promise<ModelFile> {
  const tensors = new Map<string, RemadeTensor>()
  for (const { path, weights } of model.layers) {
    const own = cut.structure.places.filter(({ layer }) => layer === path)
    for (const { role, tensor } of weights) {
      const places = own.filter((place) => place.role === role)
      const changed = changes.get(tensor.key)
      if (places.some(({ labels }) => cut.shortens(labels))) {
        const kept = keptOf(places, tensor.shape.length, cut)
        tensors.set(tensor.key, { ...gather(changed ?? await tensor.read(), tensor.shape, kept), kept })
      } else if (changed !== undefined) tensors.set(tensor.key, { shape: tensor.shape, values: changed })
    }
  }
  return remadeModel(model, shrunkConfig(model.config, cut), tensors)
}

function keptOf (places: readonly Place[], rank: number, cut: Cut): Array<number[] | null> {
  return Array.from({ length: rank }, (_, axis) => {
    const labels = places.find((place) => place.axis === axis)?.labels
    return labels === undefined || !cut.shortens(labels) ? null : cut.kept(labels)
  })
}
