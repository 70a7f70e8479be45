/** The header of a safetensors file: which tensors lie where, every number checked against the others and the file's size. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../bytes.ts'
import type { Shape } from '../../tensor.ts'
import { isObject } from '../json.ts'
import { DTYPES, isDtype, type DtypeName } from './dtypes.ts'
import { MAX_JSON_BYTES, parseJson } from './json.ts'

export interface HeaderTensor {
  readonly name: string
  readonly dtype: DtypeName
  readonly shape: Shape
  /** Where its bytes lie in the file. */
  readonly begin: number
  readonly end: number
}

export interface Header {
  /** In the order of their bytes. */
  readonly tensors: readonly HeaderTensor[]
  readonly metadata: Readonly<Record<string, string>>
}

/** Bytes of the header's length, which stands before it. */
export const LENGTH_BYTES = 8

/** As many axes as PyTorch's tensors can have. */
const MAX_RANK = 64

const MAX_NAME = 1024

const OPENING_BRACE = 0x7b

/** Does a file begin as a safetensors file does: a length below 2^48, then a JSON object? No text does, as it has no zero bytes. */
export function looksLikeSafetensors (head: Uint8Array): boolean {
  return head.length > LENGTH_BYTES && head[6] === 0 && head[7] === 0 && head[LENGTH_BYTES] === OPENING_BRACE
}

/**
 * Reads and checks the header of `source`; `what` names the file in messages. Throws `invalid-model` for anything malformed, `unsupported-format` for
 * a dtype that is not known, `limit-exceeded` for a header that is too large. Source: the format's description and its reference, safetensors 0.8.
 */
export async function readHeader (source: ByteSource, what: string): Promise<Header> {
  const bad = (text: string, details = {}) => new EspalierError('invalid-model', `${what}: ${text}`, details)
  if (source.size <= LENGTH_BYTES) throw bad(`the file has ${source.size} bytes, which is no room for a header`)
  const first = await source.read(0, LENGTH_BYTES + 1)
  const length = new DataView(first.buffer, first.byteOffset, first.byteLength).getBigUint64(0, true)
  if (length > BigInt(source.size - LENGTH_BYTES)) throw bad(`its header is said to have ${length} bytes, the file has ${source.size}`)
  if (length > BigInt(MAX_JSON_BYTES)) {
    throw new EspalierError('limit-exceeded', `${what}: its header has ${length} bytes, at most ${MAX_JSON_BYTES} are read`, { limit: MAX_JSON_BYTES, bytes: Number(length) })
  }
  if (length === 0n || first[LENGTH_BYTES] !== OPENING_BRACE) throw bad('its header does not begin with "{"')
  const start = LENGTH_BYTES + Number(length)
  const { __metadata__: metadata, ...entries } = parseJson(await source.read(LENGTH_BYTES, Number(length)), `the header of ${what}`)
  const tensors = Object.entries(entries).map(([name, entry]) => readEntry(name, entry, start, bad))
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end)
  assertGapless(tensors, start, source.size, bad)
  return { tensors, metadata: readMetadata(metadata, bad) }
}

type Bad = (text: string, details?: Record<string, unknown>) => EspalierError

function readEntry (name: string, entry: unknown, start: number, bad: Bad): HeaderTensor {
  assertName(name, bad)
  if (!isObject(entry)) throw bad(`the entry of the tensor ${name} is no object`, { tensor: name })
  const { dtype, shape, data_offsets: offsets } = entry
  if (!isDtype(dtype)) {
    if (typeof dtype !== 'string') throw bad(`the tensor ${name} has no "dtype"`, { tensor: name })
    throw new EspalierError('unsupported-format', `the tensor ${name} has the dtype ${JSON.stringify(dtype.slice(0, MAX_NAME))}; known are ${Object.keys(DTYPES).join(', ')}`, { tensor: name })
  }
  if (!isCounts(shape) || shape.length > MAX_RANK) throw bad(`the tensor ${name} has no valid "shape": a list of at most ${MAX_RANK} whole numbers`, { tensor: name })
  if (!isCounts(offsets) || offsets.length !== 2) throw bad(`the tensor ${name} has no valid "data_offsets": two whole numbers below 2^53`, { tensor: name })
  const [begin, end] = [start + offsets[0]!, start + offsets[1]!]
  const bits = shape.reduce((product, size) => product * size, DTYPES[dtype].bits)
  if (!Number.isSafeInteger(bits) || bits % 8 !== 0) throw bad(`the tensor ${name} of shape [${shape.join(', ')}] and dtype ${dtype} has no whole number of bytes`, { tensor: name })
  if (end - begin !== bits / 8) {
    throw bad(`the tensor ${name} of shape [${shape.join(', ')}] and dtype ${dtype} needs ${bits / 8} bytes, its offsets [${offsets.join(', ')}] span ${end - begin}`, { tensor: name })
  }
  return { name, dtype, shape, begin, end }
}

/** Names go into messages, receipts and a database: 1 to 1024 characters, none of them a control character or half of a surrogate pair. */
export function isTensorName (name: string): boolean {
  return name !== '' && name.length <= MAX_NAME && !/[\p{Cc}\p{Cs}]/u.test(name)
}

function assertName (name: string, bad: Bad): void {
  if (name === '' || name.length > MAX_NAME) throw bad(`a tensor has a name of ${name.length} characters; 1 to ${MAX_NAME} are taken`)
  if (!isTensorName(name)) throw bad(`the name ${JSON.stringify(name)} of a tensor has control characters or half of a surrogate pair`)
}

/** The tensors, in the order of their bytes, must fill the file without gaps and without sharing a byte. */
function assertGapless (tensors: readonly HeaderTensor[], start: number, size: number, bad: Bad): void {
  let at = start
  for (const { name, begin, end } of tensors) {
    if (begin !== at) throw bad(`the tensor ${name} begins at byte ${begin - start} of the data, ${begin > at ? 'behind a gap; the one before it ends' : 'within another one, which ends'} at ${at - start}`, { tensor: name })
    at = end
  }
  if (at !== size) throw bad(`its tensors need ${at - start} bytes of data, the file has ${size - start}`)
}

function readMetadata (metadata: unknown, bad: Bad): Readonly<Record<string, string>> {
  if (metadata === undefined) return {}
  if (!isObject(metadata)) throw bad('its "__metadata__" is no object')
  const other = Object.entries(metadata).find(([, value]) => typeof value !== 'string')
  if (other !== undefined) throw bad(`its "__metadata__" has ${JSON.stringify(other[0].slice(0, MAX_NAME))}, which is no text; only texts may stand there`)
  return metadata as Readonly<Record<string, string>>
}

function isCounts (value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0)
}
