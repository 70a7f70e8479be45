/** Edits of a Keras configuration, layer by layer, by the paths that the layers have in its architecture. */
import type { Json } from '../json.ts'
import { readModelEntry, type LayerEntry, type ModelEntry } from './model-entry.ts'

/** Gives what an entry becomes; the same object where it stays as it is. */
export type EditEntry = (path: string, entry: Json) => Json

/**
 * `config` with every layer as `edit` returns it. An entry is all that stands in the list of its model: class_name, config, inbound_nodes,
 * build_config, ... A layer that is written in several places (shared_object_id) is edited in each of them, under the path of the first. What is not
 * edited are the same objects as before. `editModel` gets the nested models, their layers edited already, and last the whole model, whose path is ''.
 * Throws as `readArchitecture` does for a configuration that cannot be read.
 */
export function editLayers (config: Json, edit: EditEntry, editModel: EditEntry = (_, entry) => entry): Json {
  const shared = new Map<number, string>()
  const pathOf = ({ name, sharedId }: LayerEntry, container: string): string => {
    const path = container === '' ? name : `${container}/${name}`
    const first = sharedId === undefined ? path : shared.get(sharedId) ?? path
    if (sharedId !== undefined) shared.set(sharedId, first)
    return first
  }

  function walk (given: Json, { entries }: ModelEntry, path: string): Json {
    const list = layersOf(given)
    const edited = list.map((item, index) => {
      const entry = entries[index]!
      const inner = pathOf(entry, path)
      return entry.model === undefined ? edit(inner, item) : walk(item, entry.model, inner)
    })
    return editModel(path, edited.every((item, index) => item === list[index]) ? given : withLayers(given, edited))
  }

  return walk(config, readModelEntry(config), '')
}

/** Before 2.2 Keras wrote a sequential model as a list of its layers. */
function layersOf ({ config }: Json): readonly Json[] {
  return (Array.isArray(config) ? config : (config as Json).layers) as readonly Json[]
}

function withLayers (model: Json, layers: readonly Json[]): Json {
  return { ...model, config: Array.isArray(model.config) ? layers : { ...model.config as Json, layers } }
}
