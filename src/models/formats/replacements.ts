/** New values for the datasets of an HDF5 file that is written again. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import { dataOf, tensorOfDataset, type FileTensor } from './file-tensor.ts'
import type { StoredTensor } from '../tensor.ts'
import type { Hdf5Dataset, Hdf5Replacement } from './hdf5/index.ts'

/** For `specOf`: the changed and the remade tensors of `model`, by path. Throws `internal` when a change names no tensor of the model. */
export function replacements (model: ModelFile, changes: TensorChanges, compress: boolean): (dataset: Hdf5Dataset) => Hdf5Replacement | undefined {
  assertKnown(model, changes)
  const held = heldTensors(model)
  return (dataset) => {
    const key = dataset.path.slice(1)
    const own = held.get(key)
    if (own === undefined && !changes.has(key)) return undefined
    const tensor = own ?? tensorOfDataset(dataset)
    return { data: dataOf(tensor, changes), compress: compress || tensor.compressed, shape: tensor.shape }
  }
}

/** Tensors that stand in place of those of the file, by their keys. */
export function heldTensors (model: ModelFile): Map<string, FileTensor> {
  const tensors = model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor as Partial<FileTensor> & StoredTensor))
  return new Map(tensors.flatMap((tensor) => tensor.held === true ? [[tensor.key, tensor as FileTensor]] : []))
}

/** A change that would be lost is a fault of the caller. */
export function assertKnown (model: ModelFile, changes: TensorChanges): void {
  const keys = new Set(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor.key)))
  for (const key of changes.keys()) if (!keys.has(key)) throw new EspalierError('internal', `the model has no tensor ${key} to be changed`, { key })
}
