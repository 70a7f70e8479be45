/** The malformed files of every parser: one line each. */
import type { TargetName } from '../fuzz/targets.ts'
import type { Case } from './case.ts'
import { hdf5Cases } from './cases/hdf5.ts'
import { kerasCases, kerasH5Cases } from './cases/keras.ts'
import { safetensorsCases, shardCases } from './cases/safetensors.ts'
import { tfjsCases } from './cases/tfjs.ts'
import { zipCases } from './cases/zip.ts'

export const CORPUS = {
  keras: kerasCases,
  'keras-h5': kerasH5Cases,
  'tfjs-layers': tfjsCases,
  safetensors: safetensorsCases,
  'safetensors-shards': shardCases,
  hdf5: hdf5Cases,
  zip: zipCases,
} as Record<TargetName, () => Case[] | Promise<Case[]>>
