/** A record of weights as a job writes it, of one kernel [2, 3] of which two weights are kept. */
import type { OutputFile } from '../../src/methods/output-folder.ts'
import { createSpread } from '../../src/methods/weight-record/spread.ts'
import { describe, type Recorded } from '../../src/methods/weight-record/tensors.ts'
import { createRecordWriter } from '../../src/methods/weight-record/writer.ts'

/** By rows: 1 0 0, 0 0 1. */
const BITS = Uint8Array.of(0b10000100)

export async function * recordOf (name: string): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = []
  const file: OutputFile = {
    async write (_offset, bytes) { pieces.push(bytes) },
    finish: async () => ({ bytes: 0, sha256: '' }),
    discard: async () => {},
  }
  const writer = await createRecordWriter({ create: async () => file })
  const figures = (values: Float32Array) => {
    const spread = createSpread()
    spread.add(values)
    return spread.figures()
  }
  const shape = [2, 3]
  const tensor = { name, layer: { path: 'layer', className: 'Dense' }, weight: { role: 'kernel', tensor: { shape } }, made: { shape }, weights: 6, order: { rows: 2, columns: 3, positions: 1, isOwn: true } } as unknown as Recorded
  const [before, after] = [Float32Array.of(4, 1, -1, 2, 1, -3), Float32Array.of(4, 0, 0, 0, 0, -3)]
  const { record, mask } = describe(tensor, { before: figures(before), after: figures(after), gap: { smallestKept: 3, largestZeroed: 2 }, step: 1 }, BITS)
  writer.add(0, record, mask)
  await writer.finish(1)
  yield * pieces
}
