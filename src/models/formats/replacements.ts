/** New values for the datasets of an HDF5 file that is written again. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile, TensorChanges } from '../model.ts'
import { dataOf, tensorOfDataset } from './file-tensor.ts'
import type { Hdf5Dataset, Hdf5Replacement } from './hdf5/index.ts'

/** For `specOf`: the changed tensors of `model`, by path. Throws `internal` when a change names no tensor of the model. */
export function replacements (model: ModelFile, changes: TensorChanges, compress: boolean): (dataset: Hdf5Dataset) => Hdf5Replacement | undefined {
  assertKnown(model, changes)
  return (dataset) => {
    const key = dataset.path.slice(1)
    if (!changes.has(key)) return undefined
    const tensor = tensorOfDataset(dataset)
    return { data: dataOf(tensor, changes), compress: compress || tensor.compressed }
  }
}

/** A change that would be lost is a fault of the caller. */
export function assertKnown (model: ModelFile, changes: TensorChanges): void {
  const keys = new Set(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor.key)))
  for (const key of changes.keys()) if (!keys.has(key)) throw new EspalierError('internal', `the model has no tensor ${key} to be changed`, { key })
}
