/** Packs the several files of a TF.js model into one stored zip while they come in. */
import type { MultipartFile } from '@fastify/multipart'
import { EspalierError } from '../../errors.ts'
import { writeZip, type ZipInput } from '../../models/zip-write.ts'
import { labelOf, type ReceivedFile, type Store } from './receive.ts'

/** More shards than any converter writes: it cuts at 4 MB, so this is past 8 GB. */
const MAX_FILES = 2_000

export interface Archive {
  /** Resolves when all of the file is taken. */
  add (part: MultipartFile): Promise<void>
  /** Ends the zip; gives it as one file, named after its .json. */
  finish (): Promise<ReceivedFile>
  /** Drops what came in so far: nothing of it becomes visible. */
  abandon (reason: unknown): Promise<void>
}

/** Is this file a piece of a model that comes in several files? */
export function isPiece (part: MultipartFile): boolean {
  return /\.(json|bin)$/i.test(part.filename ?? '')
}

/** Throws `invalid-request` when a file name comes twice and `payload-too-large` past the store's limit. */
export function openArchive (store: Store): Archive {
  const entries = new TransformStream<ZipInput, ZipInput>()
  const writer = entries.writable.getWriter()
  const putting = store.blobs.put(writeZip(entries.readable as unknown as AsyncIterable<ZipInput>), store.limit)
  // When the blobs refuse, that is what every step here rejects with; until one asks it must not count as unhandled.
  const refused = putting.then(() => new Promise<never>(() => {}))
  for (const promise of [putting, refused, writer.closed]) promise.catch(() => {})
  const names: string[] = []

  return {
    async add (part) {
      const name = labelOf(part.filename ?? '')
      if (names.includes(name)) throw new EspalierError('invalid-request', `part "${part.fieldname}": the file ${name} comes twice`)
      if (names.length >= MAX_FILES) throw new EspalierError('limit-exceeded', `part "${part.fieldname}": more than ${MAX_FILES} files`, { limit: MAX_FILES })
      names.push(name)
      const taken = new Promise<void>((resolve) => {
        const content = async function * () {
          yield * part.file as AsyncIterable<Uint8Array>
          resolve()
        }
        // It rejects only when the blobs refuse, which `refused` tells.
        writer.write({ name, content: content() }).catch(() => {})
      })
      await Promise.race([taken, refused])
    },
    async finish () {
      const main = names.find((name) => /\.json$/i.test(name))
      if (main === undefined) throw new EspalierError('invalid-request', `a TF.js model needs its model.json; only ${names.join(', ')} came`)
      await Promise.race([writer.close(), refused])
      const { sha256, bytes } = await putting
      return { name: `${main.replace(/\.json$/i, '')}.zip`, sha256, bytes }
    },
    async abandon (reason) {
      await writer.abort(reason).catch(() => {})
      await putting.catch(() => {})
    },
  }
}
