/** External data: tensors whose numbers lie in files beside the model, which then come together in a zip. */
import { sliceOf, type ByteSource } from '../../bytes.ts'
import { joinedSource } from '../joined-source.ts'
import type { ZipEntry } from '../../zip.ts'
import { malformed } from './fail.ts'
import { textAt, textIf } from './text.ts'
import { assertWire, rangeOf, type Range, type Wire } from '../protobuf/wire.ts'

/** The files beside the model, by their path from it. */
export type DataFiles = ReadonlyMap<string, ByteSource>

export interface ExternalRange { readonly source: ByteSource, readonly start: number, readonly length: number }

/** Entries of a zip as files that are read at any offset. Of compressed ones, the last used is kept in memory. */
export function dataFiles (entries: readonly ZipEntry[], folder: string): DataFiles {
  const joined = joinedSource(entries)
  let start = 0
  return new Map(entries.flatMap(({ name, size }): Array<[string, ByteSource]> => {
    const source = sliceOf(joined, start, size)
    start += size
    return name.startsWith(folder) ? [[name.slice(folder.length), source]] : []
  }))
}

/**
 * Where the numbers of a tensor lie, by the entries of its external_data. Throws `invalid-model` for a location that is missing or leads out of the zip, and
 * for a range that is not in the file. Source: ONNX, ExternalData.md.
 */
export async function readExternal (wire: Wire, entries: readonly Range[], files: DataFiles, what: string): Promise<ExternalRange> {
  const pairs = new Map<string, string>()
  for (const entry of entries) {
    const [key, value] = await readPair(wire, entry, what)
    if (pairs.has(key)) throw malformed(`external_data of ${what} has ${key} twice`)
    pairs.set(key, value)
  }
  const location = pairs.get('location')
  if (location === undefined) throw malformed(`external_data of ${what} has no location`)
  const source = files.get(withinZip(location, what))
  if (source === undefined) {
    throw malformed(`${what} lies in the file ${JSON.stringify(location)}, which did not come with the model; upload a zip of the .onnx file and its data files, stored without compression`, { location })
  }
  const start = numberOf(pairs.get('offset') ?? '0', 'offset', what)
  const length = pairs.has('length') ? numberOf(pairs.get('length')!, 'length', what) : source.size - start
  if (start + length > source.size || length < 0) throw malformed(`${what} lies at byte ${start} of ${location} with ${length} bytes, the file has ${source.size}`, { location, start, length })
  return { source, start, length }
}

/** The location without `.` parts. What leads out of the zip is an attack, although nothing is ever extracted. */
function withinZip (location: string, what: string): string {
  const parts = location.split('/').filter((part) => part !== '.' && part !== '')
  if (location === '' || location.startsWith('/') || location.includes('\\') || location.includes('\0') || /^[a-z]:/i.test(location) || parts.includes('..')) {
    throw malformed(`${what} lies at ${JSON.stringify(location)}, which leads out of the model's folder`, { location })
  }
  return parts.join('/')
}

function numberOf (text: string, key: string, what: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN
  if (!Number.isSafeInteger(value)) throw malformed(`external_data of ${what}: its ${key} is ${JSON.stringify(text.slice(0, 40))}, it must be a number of bytes`)
  return value
}

async function readPair (wire: Wire, range: Range, what: string): Promise<[string, string]> {
  const texts: { key?: Range, value?: Range } = {}
  await wire.walk(range, `external_data of ${what}`, (field) => {
    if (field.number > 2) return
    assertWire(field, `external_data of ${what}`, 2)
    texts[field.number === 1 ? 'key' : 'value'] = rangeOf(field, range.prefix)
  })
  if (texts.key === undefined) throw malformed(`external_data of ${what} has an entry without a key`)
  return [await textAt(wire, texts.key, 'a key of external_data'), await textIf(wire, texts.value, 'a value of external_data')]
}
