/** Reads the record of a job's weights: its index, and windows of its masks. */
import { Compile } from 'typebox/compile'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { bytesFor } from './mask-bits.ts'
import { MARK, MAX_MASK_WEIGHTS, TRAILER_BYTES, VERSION, WeightIndex } from './record.ts'

/** 4096 tensors with full histograms and long names have less. */
const MAX_INDEX_BYTES = 32 * 2 ** 20

const schema = Compile(WeightIndex)

/** Throws `internal` when the file is not such a record: it was made here, and its bytes are checked where it is stored. */
export async function readWeightIndex (source: ByteSource): Promise<WeightIndex> {
  if (source.size < TRAILER_BYTES) throw damaged(`it has ${source.size} bytes, its end alone has ${TRAILER_BYTES}`)
  const trailer = Buffer.from(await source.read(source.size - TRAILER_BYTES, TRAILER_BYTES))
  const [length, version, mark] = [trailer.readUInt32LE(0), trailer.readUInt32LE(4), trailer.toString('latin1', 8)]
  if (mark !== MARK) throw damaged(`it ends with ${JSON.stringify(mark)}, "${MARK}" is expected`)
  if (version !== VERSION) throw damaged(`it has version ${version}, ${VERSION} is read`)
  const begin = source.size - TRAILER_BYTES - length
  if (begin < 0 || length > MAX_INDEX_BYTES) throw damaged(`its index is said to have ${length} bytes; there are ${source.size - TRAILER_BYTES}, and ${MAX_INDEX_BYTES} are read at most`)
  const index = parsed(Buffer.from(await source.read(begin, length)).toString())
  for (const { name, rows, columns, mask } of index.tensors) {
    if (rows * columns > MAX_MASK_WEIGHTS && mask !== null) throw damaged(`the mask of ${name} has ${rows} x ${columns} weights, ${MAX_MASK_WEIGHTS} are read at most`)
    if (mask !== null && (mask.bytes !== bytesFor(rows * columns) || mask.at + mask.bytes > begin)) {
      throw damaged(`the mask of ${name} is said to be ${mask.bytes} bytes from ${mask.at} on; ${rows} x ${columns} weights take ${bytesFor(rows * columns)}, and the masks end at ${begin}`)
    }
  }
  return index
}

function parsed (text: string): WeightIndex {
  let index: unknown
  try {
    index = JSON.parse(text)
  } catch (cause) {
    throw new EspalierError('internal', 'the index of a record of weights is no JSON', {}, { cause })
  }
  if (schema.Check(index)) return index
  const [first] = schema.Errors(index)
  throw damaged(`${first?.instancePath ?? ''} ${first?.message ?? ''}`)
}

function damaged (what: string): EspalierError {
  return new EspalierError('internal', `a file is no record of weights: ${what}`)
}
