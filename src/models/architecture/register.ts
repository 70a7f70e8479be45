/** All layers of a model tree as a flat list, each once, with its place in the file. */
import { EspalierError } from '../../errors.ts'
import { LAYER_TYPES, layerTypeOf, type LayerType, type LayerTypeName, type Where } from '../layers/index.ts'
import type { WeightSpec } from './types.ts'
import type { LayerEntry, ModelEntry } from './model-entry.ts'
import { invalid } from './model-entry.ts'

/** Keras writes these under another name than their class has, which names their place in a `.keras` file. */
const CLASS_OF: ReadonlyMap<string, string> = new Map([['GroupQueryAttention', 'GroupedQueryAttention']])

/** A layer while its architecture is being read; `weights` come when its input shapes are known. */
export interface Draft {
  readonly entry: LayerEntry
  readonly path: string
  readonly trainable: boolean
  readonly containers: readonly string[]
  readonly indexInContainer: number
  readonly storePath: string
  readonly type?: LayerTypeName
  readonly config?: unknown
  readonly problem?: string
  weights?: readonly WeightSpec[]
}

export interface Registry {
  readonly drafts: Draft[]
  /** Index into `drafts` of a layer that is no nested model. */
  indexOf (entry: LayerEntry): number
  /** The first of the places in which a shared layer or nested model is written. */
  canonical (entry: LayerEntry): LayerEntry
  /** The InputLayer that a sequential model lacks in its file, if its input shape is told anywhere. */
  readonly synthetic?: LayerEntry
}

/** An InputLayer that a sequential model has in memory and not in its file; it has no index there. */
const NOT_IN_FILE = -1

/** `keras` decides what some names mean. Throws `invalid-model` naming layer and setting. */
export function registerLayers (model: ModelEntry, keras: 2 | 3): Registry {
  const drafts: Draft[] = []
  const indices = new Map<LayerEntry, number>()
  const shared = new Map<number, LayerEntry>()
  const canonical = (entry: LayerEntry) => entry.sharedId === undefined ? entry : shared.get(entry.sharedId) ?? entry
  const paths = new Set<string>()
  const open = new Set<LayerEntry>()

  function add (entry: LayerEntry, place: Omit<Draft, 'entry' | 'path' | 'type' | 'config'>): void {
    const path = [...place.containers.slice(-1), entry.name].join('/')
    if (paths.has(path)) throw invalid(`two layers have the path "${path}"`)
    paths.add(path)
    indices.set(entry, drafts.length)
    drafts.push({ entry, path, ...place, ...interpreted(entry, path, keras) })
  }

  function walk (parent: ModelEntry, containers: readonly string[], store: string, trainable: boolean): void {
    const used = new Map<string, number>()
    for (const [index, entry] of parent.entries.entries()) {
      // Operations are no layers: they are not among the stored ones and are not counted.
      const storePath = entry.isOperation ? '' : `${store}layers/${uniqueName(snakeCase(CLASS_OF.get(entry.className) ?? entry.className), used)}`
      const first = canonical(entry)
      if (open.has(first)) throw invalid(`the model "${first.name}" contains itself`)
      if (first !== entry) continue
      if (entry.sharedId !== undefined) shared.set(entry.sharedId, entry)
      if (entry.model === undefined) {
        add(entry, { containers, indexInContainer: index, storePath, trainable: trainable && entry.config.trainable !== false })
      } else {
        const path = [...containers.slice(-1), entry.name].join('/')
        open.add(entry)
        walk(entry.model, [...containers, path], `${storePath}/`, trainable && entry.model.trainable)
        open.delete(entry)
      }
    }
  }

  const synthetic = inputOf(model)
  if (synthetic !== undefined) add(synthetic, { containers: [], indexInContainer: NOT_IN_FILE, storePath: '', trainable: true })
  walk(model, [], '', model.trainable)
  return { drafts, canonical, ...(synthetic !== undefined && { synthetic }), indexOf: (entry) => indices.get(canonical(entry))! }
}

function inputOf (model: ModelEntry): LayerEntry | undefined {
  if (model.kind !== 'sequential' || model.entries[0]?.className === 'InputLayer') return undefined
  const shape = firstShape(model)
  if (shape === undefined) return undefined
  return { name: `${model.entries[0]?.name ?? model.name}_input`, className: 'InputLayer', isOperation: false, config: { batch_shape: shape }, calls: [] }
}

function firstShape (model: ModelEntry) {
  if (model.builtFor !== undefined) return model.builtFor
  const [first] = model.entries
  if (first === undefined) return undefined
  const inner: unknown = first.model?.kind === 'sequential'
    ? first.model.entries[0]?.className === 'InputLayer' ? shapeOfInput(first.model.entries[0]) : firstShape(first.model)
    : shapeOfInput(first.model?.entries.find(({ name }) => name === first.model?.inputs[0]?.layer))
  return inner ?? first.builtFor?.[0]
}

function shapeOfInput (entry: LayerEntry | undefined): unknown {
  return entry?.config.batch_shape ?? entry?.config.batch_input_shape
}

/** Type and settings by the layer table, or why there are none. */
function interpreted (entry: LayerEntry, path: string, keras: 2 | 3): { type?: LayerTypeName, config?: unknown, problem?: string } {
  const { className, customName } = entry
  if (customName !== undefined) return { problem: `layers of type ${customName} are not run here` }
  const type = layerTypeOf(className, entry.isOperation)
  if (type === undefined) return { problem: entry.isOperation ? `the operation ${className} is not run here` : `layers of type ${className} are not run here` }
  const quantised = quantisationOf(entry.config.dtype)
  if (quantised !== undefined) return { problem: `layers quantised as ${quantised} are not run here` }
  const where: Where = { path, className, keras }
  try {
    return { type, config: (LAYER_TYPES[type] as LayerType<unknown>).parse(entry.config, where) }
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'unsupported-layer') return { type, problem: error.message }
    throw error
  }
}

/** A dtype is a name or a policy; quantised layers store other weights than their type says. */
function quantisationOf (dtype: unknown): string | undefined {
  const config = (dtype as { config?: { mode?: unknown, name?: unknown } } | null | undefined)?.config
  const name = typeof dtype === 'string' ? dtype : config?.name ?? config?.mode
  return typeof name === 'string' && /^(int4|int8|float8|gptq|awq)/.test(name) ? name.slice(0, 40) : undefined
}

/** Source: keras saving_lib._get_unique_name. */
function uniqueName (name: string, used: Map<string, number>): string {
  const count = used.get(name)
  used.set(name, count === undefined ? 0 : count + 1)
  return count === undefined ? name : `${name}_${count + 1}`
}

/** Source: keras.src.utils.naming.to_snake_case. */
export function snakeCase (name: string): string {
  return name.replace(/\W+/g, '').replace(/(.)([A-Z][a-z]+)/g, '$1_$2').replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
}
