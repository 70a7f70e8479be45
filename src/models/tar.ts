/** Reading of tar archives by random access: every file where it lies, none is copied. */
import { EspalierError } from '../errors.ts'
import { sliceOf, streamOf, type ByteSource } from './bytes.ts'
import { leadsOut } from './entry-name.ts'
import { badTar, BLOCK, looksLikeTar, parseHeader, parsePax, text } from './tar-header.ts'

export interface TarEntry {
  readonly name: string
  readonly size: number
  /** Where its content begins in the archive. */
  readonly start: number
  source (): Promise<ByteSource>
  stream (): AsyncGenerator<Uint8Array>
}

/** A SavedModel has some dozens; each costs a record in memory. */
const MAX_ENTRIES = 65_536

/** A long name, or the pax header of one file: times, owners, a path. */
const MAX_HEADER_BYTES = 2 ** 20

/** What goes before a file and holds for it alone. */
interface Before { readonly name?: string, readonly size?: number }

/** Does the file begin as a tar does? */
export async function isTar (source: ByteSource): Promise<boolean> {
  return source.size >= BLOCK && looksLikeTar(await source.read(0, BLOCK))
}

/**
 * The files of an archive, in its order; folders are left out. Throws `invalid-model` for anything malformed: wrong checksums and sizes, links,
 * sparse files, devices, unsafe and double names, bytes behind the end. `limit-exceeded` past the limits.
 */
export async function openTar (source: ByteSource): Promise<TarEntry[]> {
  const entries = new Map<string, TarEntry>()
  let before: Before = {}
  let [at, headers] = [0, 0]
  while (at + BLOCK <= source.size) {
    const block = await source.read(at, BLOCK)
    if (block.every((byte) => byte === 0)) break
    if (++headers > 4 * MAX_ENTRIES) throw tooMany()
    const header = parseHeader(block, at)
    const [size, start] = [before.size ?? header.size, at + BLOCK]
    if (!(start + size <= source.size)) throw badTar(`the entry at byte ${at} needs ${size} bytes, ${source.size - start} are left`, at)
    const content = sliceOf(source, start, size)
    if ('xgLK'.includes(header.type)) before = await readBefore(header.type, before, content, at)
    else {
      if (header.type === '0' || header.type === '7') addTo(entries, safeName(before.name ?? header.name, at), content, start)
      else if (header.type !== '5') throw badTar(`the entry ${JSON.stringify(before.name ?? header.name)} is a ${KINDS[header.type] ?? `kind of its own (${JSON.stringify(header.type)})`}; files and folders are read`, at)
      before = {}
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  await assertEnd(source, Math.min(at, source.size))
  return [...entries.values()]
}

const KINDS: Readonly<Record<string, string>> = { 1: 'link', 2: 'link', 3: 'device', 4: 'device', 6: 'pipe', S: 'sparse file', M: 'part of a file in another archive', V: 'label', D: 'list of files' }

async function readBefore (type: string, before: Before, content: ByteSource, at: number): Promise<Before> {
  if (content.size > MAX_HEADER_BYTES) {
    throw new EspalierError('limit-exceeded', `the tar archive: the header at byte ${at} has ${content.size} bytes, at most ${MAX_HEADER_BYTES} are read`, { limit: MAX_HEADER_BYTES, bytes: content.size })
  }
  const bytes = await content.read(0, content.size)
  if (type === 'L') return { ...before, name: text(bytes) }
  // The target of a link; the link itself is refused.
  if (type === 'K') return before
  const records = parsePax(bytes, at)
  const sparse = [...records.keys()].find((key) => key.startsWith('GNU.sparse.'))
  if (sparse !== undefined) throw badTar(`the header at byte ${at} announces a sparse file; files and folders are read`, at)
  const [name, size] = [records.get('path'), records.get('size')]
  if (type === 'g') {
    if (name !== undefined || size !== undefined) throw badTar(`the header at byte ${at} gives all files one name or size`, at)
    return before
  }
  if (size !== undefined && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) throw badTar(`the pax header at byte ${at} tells no valid size`, at)
  return { ...before, ...(name !== undefined && { name }), ...(size !== undefined && { size: Number(size) }) }
}

function addTo (entries: Map<string, TarEntry>, name: string, content: ByteSource, start: number): void {
  if (entries.has(name)) throw badTar(`two files are called ${name}`)
  if (entries.size === MAX_ENTRIES) throw tooMany()
  entries.set(name, { name, size: content.size, start, source: async () => content, stream: () => streamOf(content) })
}

function safeName (given: string, at: number): string {
  const name = given.replace(/^(\.\/+)+/, '')
  if (name === '' || name.endsWith('/') || leadsOut(name)) throw badTar(`the entry at byte ${at} has the unsafe name ${JSON.stringify(given)}`, at)
  return name
}

/** What lies behind the end is read by some and not by others. */
async function assertEnd (source: ByteSource, at: number): Promise<void> {
  for await (const piece of streamOf(sliceOf(source, at, source.size - at))) {
    if (piece.some((byte) => byte !== 0)) throw badTar(`bytes follow its end at byte ${at}`, at)
  }
}

function tooMany (): EspalierError {
  return new EspalierError('limit-exceeded', `the tar archive has more than ${MAX_ENTRIES} files`, { limit: MAX_ENTRIES })
}
