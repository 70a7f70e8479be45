/** The safetensors files of a zip, and the index that must agree with them. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../bytes.ts'
import { openZip, ZIP_LIMITS, type ZipEntry } from '../../zip.ts'
import { listed } from '../binding.ts'
import { isObject } from '../json.ts'
import { openSafetensors, type SafetensorsFile } from './file.ts'
import { MAX_JSON_BYTES, MAX_MEMBERS, parseJson } from './json.ts'

export interface Shard {
  /** Of the zip's entry. */
  readonly name: string
  readonly file: SafetensorsFile
}

/** Each has a header to be read; the largest published models have about 200. */
const MAX_SHARDS = 4096

/** As savers name it, `model.safetensors.index.json`; what stands before the ending differs. */
const INDEX = '.safetensors.index.json'

export function isShard (name: string): boolean {
  return name.endsWith('.safetensors') && !name.startsWith('__MACOSX/')
}

/**
 * The shards that the index names, in their order; without an index the only safetensors file. Throws `invalid-model` where index and files disagree,
 * `limit-exceeded` for too many shards or tensors, or compressed shards that would have to be held in memory.
 */
export async function openShards (source: ByteSource): Promise<{ entries: readonly ZipEntry[], shards: readonly Shard[] }> {
  const entries = await openZip(source)
  const index = findIndex(entries)
  const files = index === undefined ? onlyFile(entries) : await namedFiles(index, entries)
  if (files.size > MAX_SHARDS) throw new EspalierError('limit-exceeded', `the zip has ${files.size} safetensors files, at most ${MAX_SHARDS} are read`, { limit: MAX_SHARDS })
  assertReadable([...files.keys()])
  const shards: Shard[] = []
  let count = 0
  for (const [entry, tensors] of files) {
    const file = await openSafetensors(await entry.source(), entry.name)
    count += file.tensors.length
    if (count > MAX_MEMBERS) throw new EspalierError('limit-exceeded', `the safetensors files have more than ${MAX_MEMBERS} tensors`, { limit: MAX_MEMBERS })
    if (tensors !== undefined) assertAgrees(entry.name, file, tensors)
    shards.push({ name: entry.name, file })
  }
  return { entries, shards }
}

/** The index nearest to the root. */
function findIndex (entries: readonly ZipEntry[]): ZipEntry | undefined {
  const found = entries.filter(({ name }) => name.endsWith(INDEX) && !name.startsWith('__MACOSX/'))
  const depth = ({ name }: ZipEntry) => name.split('/').length
  const nearest = found.filter((entry) => found.every((other) => depth(other) >= depth(entry)))
  if (nearest.length > 1) throw new EspalierError('invalid-model', `the zip has several models: ${listed(nearest.map(({ name }) => name))}; keep one`)
  return nearest[0]
}

function onlyFile (entries: readonly ZipEntry[]): Map<ZipEntry, undefined> {
  const found = entries.filter(({ name }) => isShard(name))
  if (found.length !== 1) {
    throw new EspalierError('invalid-model', `the zip has ${found.length} safetensors files (${listed(found.map(({ name }) => name))}) and no index; several need a model${INDEX} that says which tensor lies in which`)
  }
  return new Map([[found[0]!, undefined]])
}

/** The entries that `weight_map` names, each with its tensors. File names count from the folder of the index. */
async function namedFiles (index: ZipEntry, entries: readonly ZipEntry[]): Promise<Map<ZipEntry, Set<string>>> {
  const bad = (text: string, details = {}) => new EspalierError('invalid-model', `${index.name}: ${text}`, details)
  if (index.size > MAX_JSON_BYTES) throw new EspalierError('limit-exceeded', `${index.name}: ${index.size} bytes of JSON, at most ${MAX_JSON_BYTES} are read`, { limit: MAX_JSON_BYTES, bytes: index.size })
  const { weight_map: map } = parseJson(await (await index.source()).read(0, index.size), index.name)
  if (!isObject(map)) throw bad('it has no object "weight_map"')
  const folder = index.name.slice(0, index.name.lastIndexOf('/') + 1)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  const tensors = new Map<string, Set<string>>()
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string') throw bad(`"weight_map" names no file for ${JSON.stringify(tensor.slice(0, MAX_SHOWN))}`)
    if (!byName.has(folder + file)) throw bad(`it names the file ${JSON.stringify(file.slice(0, MAX_SHOWN))}, which is not in the zip`)
    tensors.set(folder + file, (tensors.get(folder + file) ?? new Set()).add(tensor))
  }
  return new Map([...tensors].sort(([a], [b]) => a < b ? -1 : 1).map(([name, own]) => [byName.get(name)!, own]))
}

/** Letters of a name that a message shows. */
const MAX_SHOWN = 200

/** Tensors are read at any place of a shard: compressed ones are held in memory, which is only done while they are small. */
function assertReadable (files: readonly ZipEntry[]): void {
  const held = files.filter(({ method }) => method === 'deflated').reduce((sum, { size }) => sum + size, 0)
  if (held > ZIP_LIMITS.memoryBytes) {
    throw new EspalierError('limit-exceeded', `the zip has ${held} bytes of compressed safetensors files, at most ${ZIP_LIMITS.memoryBytes} are held in memory; store them uncompressed (zip -0)`, { limit: ZIP_LIMITS.memoryBytes, bytes: held })
  }
}

function assertAgrees (name: string, { tensors }: SafetensorsFile, wanted: ReadonlySet<string>): void {
  const found = new Set(tensors.map(({ key }) => key))
  const missing = [...wanted].filter((tensor) => !found.has(tensor))
  if (missing.length > 0) throw new EspalierError('invalid-model', `${name}: by the index it has ${listed(missing.map(shown))}, which it does not`)
  const more = [...found].filter((tensor) => !wanted.has(tensor))
  if (more.length > 0) throw new EspalierError('invalid-model', `${name}: it has ${listed(more)}, which the index does not name or places in another file`)
}

/** Names of an index are those of tensors only if a file has them, so anything may stand there. */
function shown (name: string): string {
  return JSON.stringify(name.slice(0, MAX_SHOWN)).slice(1, -1)
}
