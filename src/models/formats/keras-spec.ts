/** The HDF5 tree of model.weights.h5, made anew for a model that came in another format. */
import { EspalierError } from '../../errors.ts'
import { kerasStorePath } from '../architecture/index.ts'
import type { Architecture } from '../architecture/types.ts'
import type { ModelFile } from '../model.ts'
import { lastPart } from './binding.ts'
import { withRaw, type FileTensor } from './file-tensor.ts'
import { setText } from './h5-attributes.ts'
import type { Hdf5Data, Hdf5DatasetSpec, Hdf5GroupSpec } from './hdf5/index.ts'

export type Stored = (tensor: FileTensor) => { readonly data: Hdf5Data, readonly compress: boolean }

/**
 * `vars/<index>` for every weight under the place where Keras looks for its layer. `written` is the architecture of the new config.json: places go by
 * its class names.
 */
export function kerasStoreSpec (model: ModelFile, written: Architecture, stored: Stored): Hdf5GroupSpec {
  const root = emptyGroup()
  setText(groupAt(root, 'vars').attributes, 'name', model.architecture.name)
  const places = new Map(written.layers.map((layer) => [layer.path, kerasStorePath(written, layer)]))
  for (const { path, weights } of model.layers) {
    const place = places.get(path) ?? ''
    if (place === '' && weights.length > 0) throw new EspalierError('internal', `layer ${path} has weights and no place in a .keras file`, { layer: path })
    if (place === '') continue
    setText(groupAt(root, `${place}/vars`).attributes, 'name', lastPart(path))
    for (const { tensor, spec } of weights) {
      const { children } = groupAt(root, [place, spec?.store ?? '', 'vars'].filter((part) => part !== '').join('/'))
      children.set(String(children.size), datasetSpec(withRaw(tensor), stored))
    }
  }
  return root
}

export function datasetSpec (tensor: FileTensor, stored: Stored): Hdf5DatasetSpec {
  return { kind: 'dataset', shape: tensor.shape, datatype: tensor.storedAs?.datatype ?? tensor.datatype, attributes: new Map(tensor.storedAs?.attributes), ...stored(tensor) }
}

export function emptyGroup (): Hdf5GroupSpec {
  return { kind: 'group', attributes: new Map(), children: new Map() }
}

/** The group at `path`, made where it is not there yet. */
export function groupAt (root: Hdf5GroupSpec, path: string): Hdf5GroupSpec {
  let group = root
  for (const part of path.split('/')) {
    const child = group.children.get(part)
    const next = child?.kind === 'group' ? child : emptyGroup()
    group.children.set(part, next)
    group = next
  }
  return group
}
