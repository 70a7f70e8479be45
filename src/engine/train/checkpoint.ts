/** A training run as bytes: everything that changes, so that a run that goes on from it ends with the same weights as one that was not interrupted. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'

/** Where a run is, besides its tensors. JSON. */
export interface RunPosition {
  readonly epoch: number
  /** Steps of that epoch that are done. */
  readonly step: number
  readonly [key: string]: unknown
}

export interface StoredArray { readonly name: string, readonly dtype: 'float32' | 'int32', readonly shape: readonly number[], readonly values: Float32Array | Int32Array }

export interface Checkpoint { readonly position: RunPosition, readonly arrays: readonly StoredArray[] }

const MAGIC = 'espalier checkpoint 1\n'

/** A header of names and shapes is small; a larger size is no header. */
const MAX_HEADER = 64 * 1024 * 1024

interface Header { readonly position: RunPosition, readonly arrays: ReadonlyArray<Omit<StoredArray, 'values'>> }

/** Magic, the header's length as uint32, the header as JSON, then the arrays' values one after the other; all little-endian. */
export function encodeCheckpoint ({ position, arrays }: Checkpoint): Uint8Array {
  const header = new TextEncoder().encode(JSON.stringify({ position, arrays: arrays.map(({ name, dtype, shape }) => ({ name, dtype, shape })) } satisfies Header))
  const magic = new TextEncoder().encode(MAGIC)
  const bytes = new Uint8Array(magic.length + 4 + header.length + arrays.reduce((sum, { values }) => sum + values.byteLength, 0))
  bytes.set(magic)
  new DataView(bytes.buffer).setUint32(magic.length, header.length, true)
  bytes.set(header, magic.length + 4)
  let at = magic.length + 4 + header.length
  for (const { values } of arrays) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  return bytes
}

/** Throws `invalid-request`, with `checkpoint` in its details, for bytes that are no checkpoint, or not a whole one. */
export function decodeCheckpoint (bytes: Uint8Array): Checkpoint {
  const start = MAGIC.length + 4
  if (bytes.length < start || new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw damaged('it does not begin as one')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true)
  if (length > MAX_HEADER || start + length > bytes.length) throw damaged(`its header would be ${length} bytes long`)
  const { position, arrays } = headerOf(bytes.subarray(start, start + length))
  let at = start + length
  const read = arrays.map(({ name, dtype, shape }): StoredArray => {
    const size = 4 * shape.reduce((product, one) => product * one, 1)
    if (at + size > bytes.length) throw damaged(`it ends within "${name}"`)
    // A copy: values need not lie at a multiple of 4 in the file. Of the buffer, as a Buffer's own slice is none.
    const own = bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + size)
    at += size
    return { name, dtype, shape, values: dtype === 'int32' ? new Int32Array(own) : new Float32Array(own) }
  })
  if (at !== bytes.length) throw damaged(`${bytes.length - at} bytes follow its end`)
  return { position, arrays: read }
}

function headerOf (bytes: Uint8Array): Header {
  let header: Partial<Header>
  try {
    header = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Header>
  } catch {
    throw damaged('its header is not JSON')
  }
  const { position, arrays } = header
  const whole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  const valid = position !== undefined && whole(position.epoch) && whole(position.step) && Array.isArray(arrays) && arrays.every((one: StoredArray) =>
    typeof one.name === 'string' && (one.dtype === 'float32' || one.dtype === 'int32') && Array.isArray(one.shape) && one.shape.every(whole))
  if (!valid) throw damaged('its header lacks parts')
  return header as Header
}

function damaged (why: string): EspalierError {
  return new EspalierError('invalid-request', `the checkpoint cannot be read: ${why}`, { checkpoint: true })
}

/** The values of tensors, which stay the caller's. */
export function arrayOf (name: string, tensor: Tensor): StoredArray {
  return { name, dtype: tensor.dtype as StoredArray['dtype'], shape: tensor.shape, values: tensor.dataSync().slice() as Float32Array | Int32Array }
}

/** The caller's to dispose of. */
export function tensorOf ({ values, shape, dtype }: StoredArray): Tensor {
  return tf.tensor(values, [...shape], dtype)
}
