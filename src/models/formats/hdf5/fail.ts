/** The errors of the HDF5 reader: every one names the part of the file, its offset, and what is wrong there. */
import { EspalierError } from '../../../errors.ts'

/** The file breaks the HDF5 format, or one of the limits in limits.ts. */
export function malformed (what: string, offset: number, problem: string, details: Record<string, unknown> = {}): EspalierError {
  return new EspalierError('invalid-model', `HDF5: ${what} at byte ${offset}: ${problem}`, { what, offset, ...details })
}

/** A number of the file is above its limit. */
export function tooMuch (what: string, offset: number, name: string, value: number, limit: number): EspalierError {
  return malformed(what, offset, `${name} is ${value}, the limit is ${limit}`, { value, limit })
}

/** The file is sound but uses a part of HDF5 that is not read here. */
export function unsupported (what: string, problem: string): EspalierError {
  return new EspalierError('unsupported-format', `HDF5: ${what}: ${problem}`, { what })
}

/** Zeroed memory for a size that has been checked; still refused when the machine cannot give it. */
export function allocate (size: number, what: string): Uint8Array {
  try {
    return new Uint8Array(size)
  } catch (cause) {
    throw new EspalierError('limit-exceeded', `HDF5: ${what}: ${size} bytes cannot be held in memory; read it in pieces`, { what, size }, { cause })
  }
}
