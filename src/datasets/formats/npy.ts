/** .npy files in folders, as numpy.save writes them and a person zips them: train/x.npy, train/y.npy, test/x.npy, ... */
import type { ZipEntry } from '../../models/zip.ts'
import { isText, type DatasetFormat } from './format.ts'
import { readNamedArrays, type NamedEntry } from './npy-arrays.ts'

export const npy: DatasetFormat = {
  description: 'a zip of .npy files in folders, named as in an .npz, or x and y in the folders train and test; texts beside them are left out',
  recognises: ({ entries = [] }) => entries.some(({ name }) => isArray(name)) && entries.every(({ name }) => isArray(name) || isText(name)),
  read: async ({ entries = [] }) => await readNamedArrays('npy', 'the zip', namedByPath(entries.filter(({ name }) => isArray(name)))),
}

function isArray (name: string): boolean {
  return name.endsWith('.npy')
}

/** `data/train/x.npy` beside `data/test/x.npy` is train_x: the folders that all share say nothing, the others are words of the name. */
function namedByPath (entries: readonly ZipEntry[]): NamedEntry[] {
  const paths = entries.map(({ name }) => name.replace(/\.npy$/, '').split('/'))
  const shallowest = Math.min(...paths.map(({ length }) => length)) - 1
  let shared = 0
  while (shared < shallowest && paths.every((path) => path[shared] === paths[0]![shared])) shared++
  // A lone test part is one still, though all of it lies in the folder that says so.
  if (shared > 0 && /^(train|test)$/i.test(paths[0]![shared - 1]!)) shared--
  return entries.map((entry, index) => ({ name: paths[index]!.slice(shared).join('_'), entry }))
}
