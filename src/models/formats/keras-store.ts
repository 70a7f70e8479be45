/** The weights of a `.keras` file: an HDF5 tree of `layers/<class>/vars/<index>`, bound to the layers of the configuration. */
import { EspalierError } from '../../errors.ts'
import { kerasStorePath } from '../architecture/index.ts'
import type { Architecture, ArchitectureLayer } from '../architecture/types.ts'
import type { ModelLayer } from '../model.ts'
import { bindInOrder, listed, type Named } from './binding.ts'
import { tensorOfDataset } from './file-tensor.ts'
import type { Hdf5Dataset, Hdf5Group } from './hdf5/index.ts'

/** Groups of the root that hold state and no weights of the model. */
const STATE = new Set(['optimizer', 'metrics', '_metrics', 'loss'])

/** What a layer's `seed_generator` keeps is the state of its random numbers, not a weight. */
const SEEDS = /(^|\/)_?(\w+_)?seed_generator(_\d+)?\//

/** Throws `invalid-model` naming layers whose weights are missing, too many, or not of the shape configured. */
export function bindKerasStore (root: Hdf5Group, architecture: Architecture): ModelLayer[] {
  const store = new Store(root)
  const claimed = new Set<Hdf5Dataset>()
  const layers = architecture.layers.map((layer) => {
    const found = store.weightsOf(architecture, layer).filter(({ dataset }) => !claimed.has(dataset))
    for (const { dataset } of found) claimed.add(dataset)
    return bindInOrder(layer, found.map(({ name, dataset }): Named => ({ name, tensor: tensorOfDataset(dataset) })))
  })
  const rest = store.all().filter(({ name, dataset }) => !claimed.has(dataset) && !SEEDS.test(name)).map(({ name }) => name)
  if (rest.length > 0) {
    throw new EspalierError('invalid-model',
      `model.weights.h5: the weights ${listed(rest)} belong to no layer of config.json${architecture.layers.length === 0 ? ', which lists none: a model of a class of its own has its layers in code; build it as Sequential or functional model, or export its weights as safetensors' : ''}`,
      { weights: rest.slice(0, 12) })
  }
  return layers
}

interface Found { readonly name: string, readonly dataset: Hdf5Dataset }

class Store {
  readonly #root: Hdf5Group
  readonly #byName = new Map<string, Hdf5Group | null>()
  readonly #prefix: string

  constructor (root: Hdf5Group) {
    this.#root = root
    // tf.keras 2.12 wrote the layers of a functional model under another name.
    this.#prefix = root.children.has('layers') || !root.children.has('_layer_checkpoint_dependencies') ? 'layers' : '_layer_checkpoint_dependencies'
    this.#indexNames(root)
  }

  /** Weights under the layer's place, own ones first, then those of the layers it is made of, as Keras walks them. */
  weightsOf (architecture: Architecture, layer: ArchitectureLayer): Found[] {
    const path = kerasStorePath(architecture, layer)
    if (path === '') return []
    const group = this.#groupOf(path) ?? this.#byName.get(layer.path.slice(layer.path.lastIndexOf('/') + 1)) ?? undefined
    return group === undefined ? [] : inOrderOf(layer, datasetsUnder(group, '').filter(({ name }) => !SEEDS.test(name)))
  }

  all (): Found[] {
    return [...this.#root.children].flatMap(([name, child]) => STATE.has(name) || child.kind === 'dataset' ? [] : datasetsUnder(child, `${name}/`))
  }

  #groupOf (path: string): Hdf5Group | undefined {
    let node: Hdf5Group | Hdf5Dataset | undefined = this.#root
    for (const part of path.split('/')) node = node?.kind === 'group' ? node.children.get(part === 'layers' ? this.#prefix : part) ?? node.children.get(part) : undefined
    return node?.kind === 'group' ? node : undefined
  }

  /** Later versions of Keras 3 note the layer's name at its `vars`; where two have the same name it tells nothing. */
  #indexNames (group: Hdf5Group): void {
    for (const [name, child] of group.children) {
      if (child.kind !== 'group' || (group === this.#root && STATE.has(name))) continue
      const noted = name === 'vars' ? child.attributes.get('name') : undefined
      if (noted?.datatype.kind === 'variable-string' || noted?.datatype.kind === 'string') {
        const key = String(noted.value)
        this.#byName.set(key, this.#byName.has(key) ? null : group)
      }
      this.#indexNames(child)
    }
  }
}

/** A layer that is made of layers keeps its weights in the groups that its specs name; what they do not name comes last. */
function inOrderOf ({ weights = [] }: ArchitectureLayer, found: Found[]): Found[] {
  if (weights.every(({ store }) => store === undefined)) return found
  const used = new Map<string, number>()
  const place = new Map(weights.map(({ store = '' }, index) => {
    const variable = used.get(store) ?? 0
    used.set(store, variable + 1)
    return [`${store === '' ? '' : `${store}/`}vars/${variable}`, index]
  }))
  const placeOf = ({ name }: Found) => place.get(name) ?? Infinity
  return [...found].sort((a, b) => placeOf(a) === placeOf(b) ? 0 : placeOf(a) - placeOf(b))
}

/** `vars` in the order of their numbers, then child groups by name, those beginning with `_` last (Keras' `_name_key`). */
function datasetsUnder (group: Hdf5Group, prefix: string): Found[] {
  const key = (name: string) => name === 'vars' ? '' : name.startsWith('_') ? `~${name}` : name
  const isVars = prefix.endsWith('vars/') || prefix === 'vars/'
  const entries = [...group.children].sort(([a], [b]) => isVars ? Number(a) - Number(b) : compare(key(a), key(b)))
  return entries.flatMap(([name, child]) => child.kind === 'dataset' ? [{ name: prefix + name, dataset: child }] : datasetsUnder(child, `${prefix}${name}/`))
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
