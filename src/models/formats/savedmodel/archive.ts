/** The archive around a SavedModel, a zip or a tar, gzipped or not: its files, and the same archive with some of them changed. */
import { streamOf, sliceOf, type ByteSource } from '../../bytes.ts'
import { gzipped } from '../../gzip.ts'
import { gunzipped, gunzippedHead, looksLikeGzip } from '../../gunzip.ts'
import { BLOCK, looksLikeTar } from '../../tar-header.ts'
import { isTar, openTar, type TarEntry } from '../../tar.ts'
import { looksLikeZip, openZip, writeZip, type ZipEntry, type ZipInput } from '../../zip.ts'
import { malformed } from './fail.ts'

export type ArchiveFile = Pick<ZipEntry, 'name' | 'size' | 'source' | 'stream'>

/** New content of the same size; `deflate` asks for compression where an archive compresses its files one by one. */
export interface Change { readonly data: Uint8Array | AsyncIterable<Uint8Array>, readonly deflate: boolean }

export interface Archive {
  /** With the dot. */
  readonly extension: string
  readonly files: readonly ArchiveFile[]
  /** The bytes of the archive with `changes` by the names of its files; everything else stays as it is. */
  rewritten (changes: ReadonlyMap<string, Change>): AsyncIterable<Uint8Array>
}

/** Pieces in which files are copied. */
const PIECE = 4 * 2 ** 20

/** Looks at the first bytes only. Throws for damaged gzip data. */
export async function isTarred (source: ByteSource): Promise<boolean> {
  const isGzip = looksLikeGzip(await source.read(0, Math.min(3, source.size)))
  return isGzip ? looksLikeTar(await gunzippedHead(source, BLOCK)) : await isTar(source)
}

/** Throws as the readers of zip, tar and gzip do. */
export async function openArchive (source: ByteSource): Promise<Archive> {
  if (looksLikeZip(await source.read(0, Math.min(4, source.size)))) return zipArchive(await openZip(source))
  if (await isTar(source)) return tarArchive(source, await openTar(source), '.tar')
  const tar = await gunzipped(source, 'send the .tar itself, or a zip')
  if (!(await isTar(tar))) throw malformed('the gzip file holds no tar archive')
  const inner = tarArchive(tar, await openTar(tar), '.tar.gz')
  return { ...inner, rewritten: (changes) => gzipped(inner.rewritten(changes)) }
}

function zipArchive (entries: readonly ZipEntry[]): Archive {
  return {
    extension: '.zip',
    files: entries,
    rewritten: (changes) => writeZip(entries.map(({ name, method, stream }): ZipInput => {
      const change = changes.get(name)
      return { name, deflate: method === 'deflated' || change?.deflate === true, content: change?.data ?? stream() }
    })),
  }
}

/** Headers stay, as sizes do. */
function tarArchive (source: ByteSource, entries: readonly TarEntry[], extension: string): Archive {
  return {
    extension,
    files: entries,
    async * rewritten (changes) {
      let at = 0
      for (const { name, start, size } of entries) {
        const change = changes.get(name)
        if (change === undefined) continue
        yield * streamOf(sliceOf(source, at, start - at), PIECE)
        if (change.data instanceof Uint8Array) yield change.data
        else yield * change.data
        at = start + size
      }
      yield * streamOf(sliceOf(source, at, source.size - at), PIECE)
    },
  }
}
