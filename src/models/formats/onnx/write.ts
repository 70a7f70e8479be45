/** Writing of ONNX files: the numbers of changed tensors where they lie, everything else byte for byte. */
import type { ByteSource } from '../../bytes.ts'
import type { ModelFile, TensorChanges } from '../../model.ts'
import { writeZip, type ZipEntry, type ZipInput } from '../../zip.ts'
import { changeOf, encoderOf } from '../file-tensor.ts'
import type { ModelSink } from '../format.ts'
import { assertKnown } from '../replacements.ts'
import { edited } from './edit.ts'
import { unsupported } from './fail.ts'
import type { Initializers } from './graph-weights.ts'
import type { Edit } from './place.ts'

/** What the format needs to write the file back. */
export interface OnnxRest {
  readonly initializers: Initializers
  /** Initializers whose bytes in a data file are those of others too. */
  readonly overlapping: ReadonlySet<string>
  /** Of a zip: its entries, each with the source through which it is edited. */
  readonly entries?: ReadonlyArray<{ readonly entry: ZipEntry, readonly source: ByteSource }>
}

/** The file with `changes`. A zip without any stays as it is; with some, its entries do, and the zip around them is made anew. */
export async function writeOnnx (model: ModelFile, changes: TensorChanges, sink: ModelSink): Promise<number> {
  assertKnown(model, changes)
  const { entries, ...rest } = model.rest as OnnxRest
  const edits = await editsOf(rest, changes)
  if (entries === undefined || edits.length === 0) return await writeAll(edited(model.source, edits), sink)
  const inputs = entries.map(({ entry, source }): ZipInput => {
    const mine = edits.filter((edit) => edit.source === source)
    return { name: entry.name, deflate: entry.method === 'deflated', content: mine.length === 0 ? entry.stream() : edited(source, mine) }
  })
  return await writeAll(writeZip(inputs), sink)
}

async function editsOf ({ initializers, overlapping }: OnnxRest, changes: TensorChanges): Promise<Edit[]> {
  const edits: Edit[] = []
  for (const key of changes.keys()) {
    const { tensor, places } = initializers.get(key)!
    if (overlapping.has(key)) throw unsupported(`the initializer ${key} cannot be changed: its bytes in the data file are those of another one too`, { initializer: key })
    const encode = encoderOf(tensor!, changeOf(tensor!, changes)!)
    let from = 0
    for (const place of places) {
      const start = from
      edits.push(await place.edit((first, before) => encode(start + first, before)))
      from += place.count
    }
  }
  return edits
}

async function writeAll (pieces: AsyncIterable<Uint8Array>, sink: ModelSink): Promise<number> {
  let size = 0
  for await (const bytes of pieces) {
    await sink.write(size, bytes)
    size += bytes.length
  }
  return size
}
