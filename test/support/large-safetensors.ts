/** safetensors files made of random weights, of any size. */
import { open } from 'node:fs/promises'

/** Tensors by name: their type and shape, in the order of the file. */
export type Tensors = Readonly<Record<string, readonly ['F32' | 'F16' | 'BF16', readonly number[]]>>

const BYTES = { F32: 4, F16: 2, BF16: 2 } as const

/** 2^20 normal numbers, which are repeated with other signs and factors. */
const COUNT = 2 ** 20

function headOf (tensors: Tensors): Uint8Array {
  let at = 0
  const entries = Object.entries(tensors).map(([name, [dtype, shape]]) => {
    const begin = at
    at += shape.reduce((product, size) => product * size, BYTES[dtype])
    return [name, { dtype, shape, data_offsets: [begin, at] }]
  })
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  const head = new Uint8Array(8 + text.length + (8 - text.length % 8) % 8).fill(0x20)
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true)
  head.set(text, 8)
  return head
}

/** A small generator of uniform numbers, the same on every run. Source: Marsaglia, Xorshift RNGs, 2003. */
function uniform (seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** Normal with deviation 0.02, or multiples of 0.1 / steps. None is zero before it is rounded. */
function values (count: number, seed: number, steps?: number): Float32Array {
  const next = uniform(seed * 2_654_435_761 + 1)
  return Float32Array.from({ length: count }, () => {
    if (steps !== undefined) return (Math.floor(next() * steps) + 1) / steps / 10 * (next() < 0.5 ? -1 : 1)
    return 0.02 * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  })
}

/** Cut off where the type is narrower: what float16 has no room for becomes 0, as its least steps do. */
function encoded (numbers: Float32Array, dtype: keyof typeof BYTES): Uint8Array {
  const bits = new Int32Array(numbers.buffer)
  if (dtype === 'F32') return new Uint8Array(numbers.buffer)
  const pairs = new Uint16Array(bits.length)
  for (let index = 0; index < bits.length; index++) pairs[index] = dtype === 'BF16' ? bits[index]! >>> 16 : halfBits(bits[index]!)
  return new Uint8Array(pairs.buffer)
}

function halfBits (bits: number): number {
  const magnitude = bits & 0x7fffffff
  return (bits >>> 16 & 0x8000) | (magnitude < 0x38800000 ? 0 : (magnitude - 0x38000000) >>> 13)
}

/** A file in memory, of multiples of a step. */
export function safetensorsFile (tensors: Tensors, steps: number): Uint8Array {
  const parts = Object.values(tensors).map(([dtype, shape], index) => encoded(values(shape.reduce((product, size) => product * size, 1), index + 1, steps), dtype))
  return new Uint8Array(Buffer.concat([headOf(tensors), ...parts]))
}

/** A file on disk, of normal numbers: blocks of 2^20 different ones, each block turned and scaled, so that there are few ties. */
export async function writeLarge (place: string, tensors: Tensors): Promise<number> {
  const base = values(COUNT, 1)
  const scaled = new Float32Array(COUNT)
  const file = await open(place, 'wx')
  try {
    let size = (await file.write(headOf(tensors))).bytesWritten
    let block = 0
    for (const [dtype, shape] of Object.values(tensors)) {
      const count = shape.reduce((product, one) => product * one, 1)
      for (let done = 0; done < count; done += COUNT) {
        const scale = 1 + (block++ * 0.618_033_988_75) % 1
        for (let index = 0; index < COUNT; index++) scaled[index] = base[index]! * scale
        const bytes = encoded(scaled, dtype).subarray(0, (count - done) * BYTES[dtype])
        await file.writeFile(bytes)
        size += bytes.length
      }
    }
    return size
  } finally {
    await file.close()
  }
}
