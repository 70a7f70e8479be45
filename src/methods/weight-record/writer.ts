/** Writes the record of a job's weights: masks as they come, then the index. */
import type { OutputRecord } from '../job-types.ts'
import type { OutputFolder } from '../output-folder.ts'
import { MARK, MAX_TENSORS, TRAILER_BYTES, VERSION, type StoredTensorRecord, type TensorRecord } from './record.ts'

/** In the job's folder; no output has such a name. */
const NAME = 'record.weights'

export interface RecordWriter {
  /** Tensors are told in the order of `place`, however they come. `bits`: the mask in the order of the matrix, which may not be changed afterwards; null: without. */
  add (place: number, record: TensorRecord, bits: Uint8Array | null): void
  /** `prunable`: how many tensors there might be. */
  finish (prunable: number): Promise<OutputRecord>
  discard (): Promise<void>
}

export async function createRecordWriter (folder: Pick<OutputFolder, 'create'>): Promise<RecordWriter> {
  const file = await folder.create(NAME)
  const tensors: Array<{ readonly place: number, readonly stored: StoredTensorRecord }> = []
  let size = 0
  let written = Promise.resolve()

  function append (bytes: Uint8Array): { at: number, bytes: number } {
    const at = size
    size += bytes.length
    written = written.then(async () => { await file.write(at, bytes) })
    written.catch(() => {}) // told at the end
    return { at, bytes: bytes.length }
  }

  return {
    add (place, record, bits) {
      if (tensors.length < MAX_TENSORS) tensors.push({ place, stored: { ...record, mask: bits === null ? null : append(bits) } })
    },
    async finish (prunable) {
      tensors.sort((one, other) => one.place - other.place)
      const index = Buffer.from(JSON.stringify({ tensors: tensors.map(({ stored }) => stored), left: prunable - tensors.length }))
      const trailer = Buffer.alloc(TRAILER_BYTES)
      trailer.writeUInt32LE(index.length, 0)
      trailer.writeUInt32LE(VERSION, 4)
      trailer.write(MARK, 8, 'latin1')
      append(Buffer.concat([index, trailer]))
      await written
      return { name: NAME, format: 'weights', ...await file.finish() }
    },
    async discard () {
      await written.catch(() => {})
      await file.discard()
    },
  }
}
