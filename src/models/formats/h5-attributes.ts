/** The text attributes of Keras' `.h5` files: single ones, and lists that are cut in pieces when they are long. */
import { EspalierError } from '../../errors.ts'
import { datatypeOf, fixedStringType, stringAttribute, type Hdf5AttributeSpec, type Hdf5Group } from './hdf5/index.ts'

/** What Keras puts into one attribute (HDF5_OBJECT_HEADER_LIMIT); longer lists become `<name>0`, `<name>1`, ... */
const MAX_ATTRIBUTE_BYTES = 64_512

/** The text of an attribute, or undefined when there is none. */
export function textOf (group: Hdf5Group, name: string): string | undefined {
  const attribute = group.attributes.get(name)
  if (attribute === undefined) return undefined
  const { value } = attribute
  if (typeof value !== 'string') throw new EspalierError('invalid-model', `the attribute "${name}" of ${group.path} is no text`, { attribute: name })
  return value
}

/** A list of texts, also one in pieces; undefined when there is none. */
export function textsOf (group: Hdf5Group, name: string): string[] | undefined {
  if (group.attributes.has(name)) return textList(group, name)
  if (!group.attributes.has(`${name}0`)) return undefined
  const all: string[] = []
  for (let piece = 0; group.attributes.has(`${name}${piece}`); piece++) all.push(...textList(group, `${name}${piece}`))
  return all
}

function textList (group: Hdf5Group, name: string): string[] {
  const value = group.attributes.get(name)!.value
  const list = Array.isArray(value) ? value : [value]
  // numpy makes an empty list one of float64.
  if (!list.every((item): item is string => typeof item === 'string')) {
    throw new EspalierError('invalid-model',
      `the attribute "${name}" of ${group.path} is no list of texts`,
      { attribute: name })
  }
  return list
}

/** Writes a list of texts as Keras does: fixed-length strings, in as many nearly equal pieces as are needed. */
export function setTexts (attributes: Map<string, Hdf5AttributeSpec>, name: string, texts: readonly string[]): void {
  if (texts.length === 0) {
    attributes.set(name, { shape: [0], isNull: false, datatype: datatypeOf('float64'), raw: new Uint8Array() })
    return
  }
  const encoded = texts.map((text) => new TextEncoder().encode(text))
  const width = Math.max(1, ...encoded.map(({ length }) => length))
  if (width > MAX_ATTRIBUTE_BYTES) {
    throw new EspalierError('limit-exceeded',
      `a name of ${width} bytes cannot be written into an .h5 file, at most ${MAX_ATTRIBUTE_BYTES} can`)
  }
  const perPiece = Math.floor(MAX_ATTRIBUTE_BYTES / width)
  const pieces = Math.ceil(encoded.length / perPiece)
  const size = Math.ceil(encoded.length / pieces)
  for (let piece = 0; piece < pieces; piece++) {
    const part = encoded.slice(piece * size, (piece + 1) * size)
    const raw = new Uint8Array(part.length * width)
    part.forEach((bytes, index) => raw.set(bytes, index * width))
    attributes.set(pieces === 1 ? name : `${name}${piece}`, { shape: [part.length], isNull: false, datatype: fixedStringType(width), raw })
  }
}

export function setText (attributes: Map<string, Hdf5AttributeSpec>, name: string, text: string): void {
  attributes.set(name, stringAttribute(text))
}

/** Another text in an attribute that is there, of fixed or variable length as before. */
export function resetText (attributes: Map<string, Hdf5AttributeSpec>, name: string, text: string): void {
  const raw = new TextEncoder().encode(text)
  const before = attributes.get(name)
  if (before?.datatype.kind === 'string') attributes.set(name, { shape: before.shape, isNull: false, datatype: fixedStringType(raw.length), raw })
  else setText(attributes, name, text)
}
