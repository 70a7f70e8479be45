/** The records of jobs' weights as routes read them: the newest indexes are kept, as whoever looks into one mask looks into more. */
import type { Blobs, OpenBlob } from '../jobs/ports.ts'
import { readWeightIndex } from '../methods/weight-record/read.ts'
import type { WeightIndex } from '../methods/weight-record/record.ts'

/** Indexes that are kept: those of large models have some MB. */
const KEPT = 4

export interface WeightRecords {
  /** Calls `use` with the index of a stored record and the file. Throws what reading the file throws. */
  read<T> (sha256: string, use: (index: WeightIndex, file: OpenBlob) => T | Promise<T>): Promise<T>
}

export function createWeightRecords (blobs: Pick<Blobs, 'open'>): WeightRecords {
  const known = new Map<string, WeightIndex>()

  async function indexOf (sha256: string, file: OpenBlob): Promise<WeightIndex> {
    const index = known.get(sha256) ?? await readWeightIndex(file)
    known.delete(sha256)
    known.set(sha256, index)
    if (known.size > KEPT) known.delete(known.keys().next().value!)
    return index
  }

  return {
    async read (sha256, use) {
      const file = await blobs.open(sha256)
      try {
        return await use(await indexOf(sha256, file), file)
      } finally {
        await file.close()
      }
    },
  }
}
