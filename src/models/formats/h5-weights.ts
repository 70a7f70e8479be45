/** The weights of a Keras `.h5` file: one group per top-level layer, its weights listed in `weight_names`, bound to the layers. */
import { EspalierError } from '../../errors.ts'
import type { Architecture, ArchitectureLayer } from '../architecture/types.ts'
import type { ModelLayer } from '../model.ts'
import { layersOf, leftForUnknown, listed, matchByName, partsOf, slotsInLegacyOrder, weightOf, wrongCount, type Named, type Slot } from './binding.ts'
import { tensorOfDataset } from './file-tensor.ts'
import { textsOf } from './h5-attributes.ts'
import type { Hdf5Dataset, Hdf5Group } from './hdf5/index.ts'

/** `group` is `model_weights`. Throws `invalid-model` or `shape-mismatch`, naming layer and weight. */
export function bindH5Weights (group: Hdf5Group, architecture: Architecture): ModelLayer[] {
  const names = textsOf(group, 'layer_names')
  if (names === undefined) throw new EspalierError('invalid-model', `${group.path} has no attribute "layer_names"; this is no file written by Keras`)
  const byTop = byTopLevel(architecture)
  const bound = new Map<string, ModelLayer>()
  for (const name of [...names, 'top_level_model_weights']) {
    const found = weightsIn(group, name)
    const layers = byTop.get(name)
    if (layers === undefined) {
      if (found.length > 0) {
        throw new EspalierError('invalid-model',
          `the file has weights of a layer ${name} (${listed(found.map((one) => one.name))}), which is not in the configuration`,
          { layer: name })
      }
      continue
    }
    byTop.delete(name)
    for (const layer of bindGroup(name, layers, found)) bound.set(layer.path, layer)
  }
  for (const [name, layers] of byTop) for (const layer of bindGroup(name, layers, [])) bound.set(layer.path, layer)
  return architecture.layers.map(({ path }) => bound.get(path)!)
}

/** The layers by the name of the top-level layer or nested model they belong to. */
export function byTopLevel (architecture: Architecture): Map<string, ArchitectureLayer[]> {
  const result = new Map<string, ArchitectureLayer[]>()
  for (const layer of architecture.layers) {
    const top = layer.containers[0] ?? layer.path
    result.set(top, [...result.get(top) ?? [], layer])
  }
  return result
}

/** By name where the names tell all weights apart, else in the order in which Keras itself would read them. */
function bindGroup (top: string, layers: readonly ArchitectureLayer[], found: readonly Named[]): ModelLayer[] {
  const slots = slotsInLegacyOrder(layers)
  const hasUnknown = layers.some(({ weights }) => weights === undefined)
  if (!hasUnknown && found.length !== slots.length) {
    throw wrongCount(top, slots.map(({ layer, spec }) => layer.path === top ? spec.role : `${layer.path}/${spec.role}`), found.map(({ name }) => name))
  }
  const matched = matchByName(slots, found) ?? (hasUnknown ? undefined : new Map(slots.map((slot, index) => [slot, found[index]!])))
  if (matched === undefined) return bindAround(top, layers, slots, found)
  const taken = new Set(matched.values())
  return layersOf(layers, matched, leftForUnknown(layers, found.filter((one) => !taken.has(one)), `the group ${top}`))
}

/** Known and unknown layers in one nested model whose names do not fit: each known layer's weights must be named after it. */
function bindAround (top: string, layers: readonly ArchitectureLayer[], slots: readonly Slot[], found: readonly Named[]): ModelLayer[] {
  const missing = slots.filter((slot) => matchByName([slot], found) === undefined)
  const [first] = missing
  if (first === undefined) throw new EspalierError('invalid-model', `the nested model ${top}: two weights have the same name`, { layer: top })
  const sameRole = found.find(({ name }) => partsOf(name).slice(-2).join('/') === `${first.layer.path.split('/').at(-1)}/${first.spec.role}`)
  if (sameRole !== undefined) weightOf(first.layer, first.spec, sameRole.tensor)
  throw new EspalierError('invalid-model',
    `the nested model ${top}: the weights ${listed(missing.map(({ layer, spec }) => `${layer.path}/${spec.role}`))} cannot be found among ${listed(found.map(({ name }) => name))}`,
    { layer: top })
}

function weightsIn (group: Hdf5Group, name: string): Named[] {
  const node = nodeAt(group, name)
  if (node?.kind !== 'group') return []
  return (textsOf(node, 'weight_names') ?? []).map((weight) => {
    const dataset = nodeAt(node, weight)
    if (dataset?.kind !== 'dataset') {
      throw new EspalierError('invalid-model',
        `${node.path}: "weight_names" lists ${weight}, which is not there`,
        { layer: name, weight })
    }
    return { name: weight, tensor: tensorOfDataset(dataset) }
  })
}

function nodeAt (group: Hdf5Group, path: string): Hdf5Group | Hdf5Dataset | undefined {
  let node: Hdf5Group | Hdf5Dataset | undefined = group
  for (const part of path.split('/')) if (part !== '') node = node?.kind === 'group' ? node.children.get(part) : undefined
  return node
}
