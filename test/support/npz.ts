/** An .npz file of float32 arrays, as numpy.savez writes it. */
import { writeZip } from '../../src/models/zip-write.ts'

export interface NpyArray { readonly shape: readonly number[], readonly values: ArrayLike<number> }

function npy ({ shape, values }: NpyArray): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.map((size) => `${size},`).join(' ')}), }`
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8])
  return Buffer.concat([head, Buffer.from(header, 'latin1'), Buffer.from(Float32Array.from(values).buffer)])
}

/** By name without `.npy`: {x, y}. */
export async function npzOf (arrays: Readonly<Record<string, NpyArray>>): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(Object.entries(arrays).map(([name, array]) => ({ name: `${name}.npy`, content: npy(array) })))) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}
