/** The files that hold the values of a SavedModel's variables. */
import { assertWithin, sliceOf, type ByteSource } from '../../bytes.ts'
import type { ArchiveFile } from './archive.ts'
import type { Bundle, BundleEntry } from './bundle.ts'
import { malformed } from './fail.ts'
import { shown } from './table.ts'

export interface Shards {
  /** The file of shard number `index`. */
  readonly entries: readonly ArchiveFile[]
  /** The bytes of a tensor as they are stored. */
  sourceOf (entry: BundleEntry): ByteSource
}

/** Throws `invalid-model` when a shard is missing or a tensor lies outside of its shard. */
export function openShards ({ shards: count, entries }: Bundle, find: (name: string) => ArchiveFile | undefined): Shards {
  const files: ArchiveFile[] = []
  for (let index = 0; index < count; index++) {
    const name = `variables/variables.data-${digits(index)}-of-${digits(count)}`
    const file = find(name)
    if (file === undefined) throw malformed(`it has no ${name}, one of ${count} files of values`, { entry: name })
    files.push(file)
  }
  for (const { key, shard, offset, size } of entries) {
    const file = files[shard]!
    if (!(offset + size <= file.size)) {
      throw malformed(`"${shown(key)}" needs ${size} bytes from byte ${offset} of ${file.name}, which has ${file.size}`, { key: shown(key), entry: file.name })
    }
  }
  const sources = files.map(lazySource(files))
  return { entries: files, sourceOf: ({ shard, offset, size }) => sliceOf(sources[shard]!, offset, size) }
}

/** Five digits at least. Source: tensorflow/core/util/tensor_bundle/naming.cc. */
function digits (value: number): string {
  return String(value).padStart(5, '0')
}

/** Compressed shards are inflated whole when they are read; the last used one is held. */
function lazySource (files: readonly ArchiveFile[]): (file: ArchiveFile, index: number) => ByteSource {
  let open: { readonly index: number, readonly source: Promise<ByteSource> } | undefined
  return (file, index) => ({
    size: file.size,
    async read (offset, length) {
      assertWithin(file.size, offset, length)
      if (open?.index !== index) open = { index, source: files[index]!.source() }
      return await (await open.source).read(offset, length)
    },
  })
}
