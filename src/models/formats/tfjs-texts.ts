/** Texts among the weights of TF.js: their bytes are counted, so that what lies behind them is found. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../bytes.ts'

/** Bytes of the length in front of each text. Source: tfjs-core io_utils.ts, NUM_BYTES_STRING_LENGTH. */
const LENGTH_BYTES = 4

/** Bytes that are read at once: the lengths of some thousand words. */
const WINDOW = 65_536

/** The bytes of `count` texts at byte `at`, each with its length in front. Throws `invalid-model` when they reach past the end of their group. */
export async function textBytes (name: string, count: number, source: ByteSource, at: number): Promise<number> {
  const wrong = () => new EspalierError('invalid-model', `model.json: the ${count} texts of the weight ${name} reach past the end of their group, which has ${source.size} bytes`, { weight: name })
  if (count * LENGTH_BYTES > source.size - at) throw wrong()
  let [window, start] = [new DataView(new ArrayBuffer(0)), at]
  let end = at
  for (let index = 0; index < count; index++) {
    if (end + LENGTH_BYTES > source.size) throw wrong()
    if (end + LENGTH_BYTES > start + window.byteLength) {
      const bytes = await source.read(end, Math.min(WINDOW, source.size - end))
      window = new DataView(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
      start = end
    }
    end += LENGTH_BYTES + window.getUint32(end - start, true)
  }
  if (end > source.size) throw wrong()
  return end - at
}
