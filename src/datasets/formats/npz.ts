/** .npz: a zip of .npy arrays, as numpy.savez and savez_compressed write it. */
import type { DatasetFormat } from './format.ts'
import { CONVENTION, readNamedArrays } from './npy-arrays.ts'

export const npz: DatasetFormat = {
  description: `.npz with ${CONVENTION}; every number type, also compressed`,
  recognises: ({ entries = [] }) => entries.length > 0 && entries.every(({ name }) => name.endsWith('.npy') && !name.includes('/')),
  read: async ({ entries = [] }) => await readNamedArrays('npz', 'the npz', entries.map((entry) => ({ name: entry.name.replace(/\.npy$/, ''), entry }))),
}
