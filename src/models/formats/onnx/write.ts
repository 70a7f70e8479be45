/** Writing of ONNX files, as one file or as those a runtime opens: the numbers of changed tensors where they lie, everything else byte for byte. */
import type { ByteSource } from '../../bytes.ts'
import type { ModelFile, TensorChanges } from '../../model.ts'
import { writeZip, type ZipEntry, type ZipInput } from '../../zip.ts'
import { changeOf, encoderOf } from '../file-tensor.ts'
import type { ModelParts, ModelSink } from '../format.ts'
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
  /** Of a zip: the name of the model among its entries, and these, each with the source through which it is edited. */
  readonly zip?: { readonly name: string, readonly entries: readonly Entry[] }
}

interface Entry { readonly entry: ZipEntry, readonly source: ByteSource }

/** The file with `changes`. A zip without any stays as it is; with some, its entries do, and the zip around them is made anew. */
export async function writeOnnx (model: ModelFile, changes: TensorChanges, sink: ModelSink): Promise<number> {
  const { zip, edits } = await editsOf(model, changes)
  if (zip === undefined || edits.length === 0) return await writeAll(edited(model.source, edits), sink)
  const inputs = zip.entries.map((one): ZipInput => ({ name: one.entry.name, deflate: one.entry.method === 'deflated', content: contentOf(one, edits) }))
  return await writeAll(writeZip(inputs), sink)
}

/** The model's file and, of a zip, what lies in its folder, with `changes`. */
export async function onnxParts (model: ModelFile, changes: TensorChanges): Promise<ModelParts> {
  const { zip, edits } = await editsOf(model, changes)
  const main = zip?.name.slice(folderOf(zip.name).length) ?? 'model.onnx'
  if (zip === undefined) return { main, files: [{ name: main, bytes: model.source.size, content: () => edited(model.source, edits) }] }
  const folder = folderOf(zip.name)
  return {
    main,
    files: zip.entries.filter(({ entry: { name } }) => name.startsWith(folder)).map((one) => (
      { name: one.entry.name.slice(folder.length), bytes: one.entry.size, content: () => contentOf(one, edits) }
    )),
  }
}

/** With the slash behind it; empty at the root. */
export function folderOf (name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1)
}

function contentOf ({ entry, source }: Entry, edits: readonly Edit[]): AsyncIterable<Uint8Array> {
  const mine = edits.filter((edit) => edit.source === source)
  return mine.length === 0 ? entry.stream() : edited(source, mine)
}

async function editsOf (model: ModelFile, changes: TensorChanges): Promise<Pick<OnnxRest, 'zip'> & { readonly edits: readonly Edit[] }> {
  assertKnown(model, changes)
  const { initializers, overlapping, ...rest } = model.rest as OnnxRest
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
  return { ...rest, edits }
}

async function writeAll (pieces: AsyncIterable<Uint8Array>, sink: ModelSink): Promise<number> {
  let size = 0
  for await (const bytes of pieces) {
    await sink.write(size, bytes)
    size += bytes.length
  }
  return size
}
