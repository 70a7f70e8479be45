/** The model.json of TF.js: where it lies in a zip, and which of the two kinds of model it describes. */
import { isObject, type Json } from './json.ts'

/** Folders around model.json that are looked through. */
const MAX_FOLDERS = 8

/** The model.json nearest to the root; undefined when there is none, or several equally near. */
export function modelJsonIn (names: readonly string[]): string | undefined {
  const found = names.filter((name) => (name === 'model.json' || name.endsWith('/model.json')) && !name.startsWith('__MACOSX/'))
  const depth = (name: string) => name.split('/').length
  const nearest = found.reduce((least, name) => Math.min(least, depth(name)), Infinity)
  const [first, ...others] = found.filter((name) => depth(name) === nearest)
  return others.length === 0 && nearest <= MAX_FOLDERS + 1 ? first : undefined
}

/** A graph of TensorFlow instead of layers. A file without "format" is told by its nodes. */
export function isGraphModel ({ format, modelTopology }: Json): boolean {
  return format === 'graph-model' || (format === undefined && isObject(modelTopology) && Array.isArray(modelTopology.node))
}
