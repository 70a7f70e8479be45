/** Binding of stored tensors to the weights that a layer has by its configuration; every misfit is named. */
import { EspalierError } from '../../errors.ts'
import type { ArchitectureLayer, WeightSpec } from '../architecture/types.ts'
import type { LayerWeight, ModelLayer } from '../model.ts'
import type { Shape, StoredTensor } from '../tensor.ts'
import { isFloat } from './file-tensor.ts'

/** A tensor with the name the file gives it within its layer. */
export interface Named { readonly name: string, readonly tensor: StoredTensor }

/** Names listed in a message about missing or extra weights. */
const MAX_LISTED = 12

/** The layer with tensors in the order of its weights. Throws `invalid-model` for another number of them, `shape-mismatch` for other shapes. */
export function bindInOrder (layer: ArchitectureLayer, found: readonly Named[]): ModelLayer {
  const specs = layer.weights
  if (specs === undefined) return bindUnknown(layer, found)
  if (found.length !== specs.length) throw wrongCount(layer.path, specs.map(({ role }) => role), found.map(({ name }) => name))
  return bound(layer, specs.map((spec, index) => weightOf(layer, spec, found[index]!.tensor)))
}

/** A layer whose weights we do not know: whatever lies in the file, under the names it has there. Tables and higher may be pruned. */
export function bindUnknown (layer: ArchitectureLayer, found: readonly Named[]): ModelLayer {
  return bound(layer, found.map(({ name, tensor }) => {
    const reason = !isFloat(tensor.type) ? `${tensor.type} values are no weights` : tensor.shape.length < 2 ? 'of an unknown layer only weights of two axes or more are pruned' : undefined
    return { role: name, tensor, prunable: reason === undefined, ...(reason !== undefined && { reason }) }
  }))
}

export function bound (layer: ArchitectureLayer, weights: readonly LayerWeight[]): ModelLayer {
  return { path: layer.path, className: layer.className, layer, weights }
}

/** The weight, checked: its shape must be that of the configuration. */
export function weightOf (layer: ArchitectureLayer, spec: WeightSpec, tensor: StoredTensor): LayerWeight {
  if (!sameShape(spec.shape, tensor.shape)) {
    throw new EspalierError('shape-mismatch',
      `layer ${layer.path}: its ${spec.role} has the shape [${tensor.shape.join(', ')}] in the file (${tensor.key}), by its configuration it must have [${spec.shape.join(', ')}]`,
      { layer: layer.path, weight: spec.role, stored: tensor.shape, configured: spec.shape })
  }
  return { role: spec.role, tensor, spec, prunable: spec.prunable, ...(spec.reason !== undefined && { reason: spec.reason }) }
}

export function sameShape (a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

/** Weights of several layers, to be found among tensors of one group of the file. */
export interface Slot { readonly layer: ArchitectureLayer, readonly spec: WeightSpec }

/** Trainable weights first, then the others: the order in which `.h5` files keep the weights of one top-level layer (Keras' `_legacy_weights`). */
export function slotsInLegacyOrder (layers: readonly ArchitectureLayer[]): Slot[] {
  const slots = layers.flatMap((layer) => (layer.weights ?? []).map((spec) => ({ layer, spec })))
  const isTrained = ({ layer, spec }: Slot) => layer.trainable && spec.trainable
  return [...slots.filter(isTrained), ...slots.filter((slot) => !isTrained(slot))]
}

/**
 * The tensor of each slot by name, where the names tell them all apart: `<layer>/<role>` at the end of the name. Undefined when a slot has none or
 * several, or a shape does not fit; then only the order tells.
 */
export function matchByName (slots: readonly Slot[], found: readonly Named[]): Map<Slot, Named> | undefined {
  const byEnd = new Map<string, Named[]>()
  for (const one of found) {
    const end = partsOf(one.name).slice(-2).join('/')
    byEnd.set(end, [...byEnd.get(end) ?? [], one])
  }
  const result = new Map<Slot, Named>()
  const taken = new Set<Named>()
  for (const slot of slots) {
    const ends = rolesInFiles(slot).map((role) => `${lastPart(slot.layer.path)}/${role}`)
    const candidates = ends.flatMap((end) => byEnd.get(end) ?? []).filter(({ tensor }) => sameShape(tensor.shape, slot.spec.shape))
    const [only] = candidates
    if (only === undefined || candidates.length > 1 || taken.has(only)) return undefined
    taken.add(only)
    result.set(slot, only)
  }
  return result
}

/** Names of the weight in files: its role first, then what Keras 2 and TF.js call it. */
export function rolesInFiles ({ layer, spec }: Slot): string[] {
  return spec.role === 'kernel' && layer.className.startsWith('DepthwiseConv') ? [spec.role, 'depthwise_kernel'] : [spec.role]
}

/** The parts of a weight's name; the `:0` of Keras 2 is no part of it. */
export function partsOf (name: string): string[] {
  return name.replace(/:\d+$/, '').split('/').filter((part) => part !== '')
}

export function lastPart (path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Puts the tensors of slots, and what is left for layers we do not know, together as layers, in the order of `layers`. */
export function layersOf (layers: readonly ArchitectureLayer[], matched: ReadonlyMap<Slot, Named>, rest: ReadonlyMap<ArchitectureLayer, readonly Named[]>): ModelLayer[] {
  const bySpec = new Map([...matched].map(([slot, { tensor }]) => [slot.spec, tensor]))
  return layers.map((layer) => layer.weights === undefined
    ? bindUnknown(layer, rest.get(layer) ?? [])
    : bound(layer, layer.weights.map((spec) => weightOf(layer, spec, bySpec.get(spec)!))))
}

/**
 * Gives what known layers left over to the unknown ones, by the layer's name in the weight's name; a single unknown layer takes all. The name
 * of a weight then is what follows the layer's name. Throws `invalid-model` for weights that fit no layer.
 */
export function leftForUnknown (layers: readonly ArchitectureLayer[], left: readonly Named[], where: string): Map<ArchitectureLayer, Named[]> {
  const unknown = layers.filter(({ weights }) => weights === undefined)
  const result = new Map<ArchitectureLayer, Named[]>()
  const homeless: string[] = []
  for (const one of left) {
    const parts = partsOf(one.name)
    const owner = unknown.find(({ path }) => parts.slice(0, -1).includes(lastPart(path))) ?? (unknown.length === 1 ? unknown[0] : undefined)
    if (owner === undefined) {
      homeless.push(one.name)
      continue
    }
    const role = parts.slice(parts.lastIndexOf(lastPart(owner.path)) + 1).join('/')
    result.set(owner, [...result.get(owner) ?? [], { name: role === '' ? one.name : role, tensor: one.tensor }])
  }
  if (homeless.length > 0) {
    throw new EspalierError('invalid-model',
      `${where}: the weights ${listed(homeless)} belong to no layer of the configuration`,
      { weights: homeless.slice(0, MAX_LISTED) })
  }
  return result
}

export function wrongCount (where: string, expected: readonly string[], found: readonly string[]): EspalierError {
  return new EspalierError('invalid-model',
    `layer ${where}: by its configuration it has ${expected.length} weights (${listed(expected)}), the file has ${found.length} (${listed(found)})`,
    { layer: where, expected: expected.length, found: found.length })
}

/** Names for a message, not more than can be read. */
export function listed (names: readonly string[]): string {
  if (names.length === 0) return 'none'
  return names.slice(0, MAX_LISTED).join(', ') + (names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '')
}
