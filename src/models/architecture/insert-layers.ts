/** Graph edits of a Keras configuration: layers put before another, and a layer taken out, in Sequential, functional and nested models. */
import { EspalierError } from '../../errors.ts'
import { isRecord, type Json } from '../json.ts'
import { editLayers } from './edit-layers.ts'
import { inKerasOrder } from './keras-order.ts'
import { symbolicShape } from '../layers/core.ts'
import type { SymbolicShape } from '../tensor.ts'

/** A layer that is put before another. */
export interface Insertion {
  /** As it stands in the list of its model, without calls. */
  readonly entry: Json
  /** The shape that it gives for an input shape: calls of Keras 3 note it. */
  output (input: SymbolicShape): SymbolicShape
}

/**
 * `config` with new layers before the layer at `path`, in their order: the first takes the inputs of the layer at each of its calls, the last feeds it.
 * `path` is as the architecture has it; names of the new layers must be new to its model. Throws `internal` for a path that is not there, or that is
 * written in several places.
 */
export function insertBefore (config: Json, path: string, insertions: readonly Insertion[]): Json {
  return editContainer(config, path, (list, index) => {
    const layer = list[index]!
    const added: Json[] = []
    let calls = layer.inbound_nodes
    for (const { entry, output } of insertions) {
      added.push(Array.isArray(calls) ? { ...entry, inbound_nodes: calls } : entry)
      if (Array.isArray(calls)) calls = calls.map((call: unknown, node) => withInput(call, { layer: nameOf(entry), node }, output))
    }
    const fed = Array.isArray(calls) ? { ...layer, inbound_nodes: calls } : layer
    return [...list.slice(0, index), ...added, fed, ...list.slice(index + 1)]
  })
}

/**
 * `config` without the layer at `path`, which passes its one input on to all who read it, and to the outputs of its model. Its input must be made by a layer
 * that is no model, as calls of models are numbered in another way at the outputs. Throws `internal` where it is not so.
 */
export function takeOut (config: Json, path: string): Json {
  return editContainer(config, path, (list, index, settings) => {
    const layer = list[index]!
    const rest = list.filter((one) => one !== layer)
    if (!Array.isArray(layer.inbound_nodes) || settings.output_layers === undefined) return rest
    const name = nameOf(layer)
    const sources = layer.inbound_nodes.map((call: unknown) => onlySource(call, path))
    const past = (value: unknown): unknown => withReferences(value, ([from, node, ...more]) => {
      const source = from === name ? sources[node as number] : undefined
      return source === undefined ? undefined : [...source, ...more.slice(1)]
    })
    return { layers: rest.map((one) => one.inbound_nodes === undefined ? one : { ...one, inbound_nodes: past(one.inbound_nodes) }), output_layers: past(settings.output_layers) }
  })
}

/** The entries of every layer, by path; one that several models within the model share is written in each of them. */
export function entriesIn (config: Json): Map<string, Json[]> {
  const entries = new Map<string, Json[]>()
  editLayers(config, (path, entry) => {
    entries.set(path, [...entries.get(path) ?? [], entry])
    return entry
  })
  return entries
}

type Edited = readonly Json[] | { readonly layers: readonly Json[], readonly output_layers: unknown }

/** Edits the list of layers in which the layer at `path` stands. */
function editContainer (config: Json, path: string, edit: (list: readonly Json[], index: number, settings: Json) => Edited): Json {
  const entries = entriesIn(config).get(path) ?? []
  const [mark] = entries
  if (entries.length !== 1) throw new EspalierError('internal', `layer ${path} is written in ${entries.length} places of the configuration, it must be one`, { layer: path })
  return editLayers(config, (_, entry) => entry, (_, model) => {
    const own = model.config
    const list = (Array.isArray(own) ? own : (own as Json).layers) as readonly Json[]
    const index = list.indexOf(mark!)
    if (index < 0) return model
    const edited = edit(list, index, Array.isArray(own) ? {} : own as Json)
    if (Array.isArray(own)) return { ...model, config: 'layers' in edited ? edited.layers : edited }
    const settings: Json = { ...own as Json, ...('layers' in edited ? edited : { layers: edited }) }
    return { ...model, config: settings.output_layers === undefined ? settings : { ...settings, layers: inKerasOrder({ ...model, config: settings }, settings.layers as readonly Json[]) } }
  })
}

/** The call with another layer's output as its input; only its plain inputs change, not masks and the like. */
function withInput (call: unknown, { layer, node }: { readonly layer: string, readonly node: number }, output: (input: SymbolicShape) => SymbolicShape): unknown {
  if (Array.isArray(call)) return withReferences(call, ([, , , ...more]) => [layer, node, 0, ...more])
  return {
    ...call as Json,
    args: tensorsOf((call as Json).args, (config) => {
      const shape = symbolicShape(config.shape)
      return { ...config, ...(shape !== undefined && { shape: output(shape) }), keras_history: [layer, node, 0] }
    }),
  }
}

function tensorsOf (value: unknown, change: (config: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((item) => tensorsOf(item, change))
  if (!isRecord(value)) return value
  return value.class_name === '__keras_tensor__' && isRecord(value.config) ? { ...value, config: change(value.config) } : value
}

type Reference = readonly [string, number, number, ...unknown[]]

/** All [layer, node, tensor, ...] in a structure, as `change` has them; undefined leaves one as it is. */
function withReferences (value: unknown, change: (reference: Reference) => readonly unknown[] | undefined): unknown {
  if (Array.isArray(value)) {
    if (!isReference(value)) return value.map((item) => withReferences(item, change))
    const [layer, node, tensor, ...more] = change(value) ?? value
    // Keras 2 writes arguments by name behind the first input.
    return [layer, node, tensor, ...more.map((item) => withReferences(item, change))]
  }
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withReferences(item, change)])) : value
}

function isReference (value: readonly unknown[]): value is Reference {
  return typeof value[0] === 'string' && typeof value[1] === 'number' && typeof value[2] === 'number'
}

/** The [layer, node, tensor] that a call takes. */
function onlySource (call: unknown, path: string): readonly unknown[] {
  const sources: Array<readonly unknown[]> = []
  withReferences(call, (reference) => {
    sources.push(reference.slice(0, 3))
    return undefined
  })
  if (sources.length !== 1) throw new EspalierError('internal', `layer ${path} takes ${sources.length} inputs, one is needed to take it out`, { layer: path })
  return sources[0]!
}

function nameOf (entry: Json): string {
  return String(entry.name ?? (entry.config as Json).name)
}
