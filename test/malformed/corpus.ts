/** The malformed files of every parser: one line each. */
import type { TargetName } from '../fuzz/targets.ts'
import type { Case } from './case.ts'
import { idxCases, npyCases, npzCases } from './cases/arrays.ts'
import { hdf5Cases } from './cases/hdf5.ts'
import { imageCases } from './cases/images.ts'
import { kerasCases, kerasH5Cases } from './cases/keras.ts'
import { onnxCases } from './cases/onnx.ts'
import { recipeCases } from './cases/recipe.ts'
import { savedmodelCases } from './cases/savedmodel.ts'
import { safetensorsCases, shardCases } from './cases/safetensors.ts'
import { csvCases, parquetCases } from './cases/tables.ts'
import { tfjsCases } from './cases/tfjs.ts'
import { zipCases } from './cases/zip.ts'

export const CORPUS = {
  keras: kerasCases,
  'keras-h5': kerasH5Cases,
  savedmodel: savedmodelCases,
  'tfjs-layers': async () => await tfjsCases('tfjs-layers'),
  'tfjs-graph': async () => await tfjsCases('tfjs-graph'),
  safetensors: safetensorsCases,
  'safetensors-shards': shardCases,
  onnx: onnxCases,
  npz: npzCases,
  npy: npyCases,
  images: imageCases,
  idx: idxCases,
  parquet: parquetCases,
  csv: csvCases,
  hdf5: hdf5Cases,
  zip: zipCases,
  recipe: recipeCases,
} as const satisfies Record<TargetName, () => Case[] | Promise<Case[]>>
