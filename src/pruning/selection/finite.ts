/** That all numbers of a tensor can be ranked. */
import { EspalierError } from '../../errors.ts'
import { bitsOf, FIRST_NOT_FINITE, MAGNITUDE } from './cut-point.ts'
import { widened, type Halves } from './halves.ts'
import { lookAbout } from './loops.ts'

/** Throws `invalid-model` naming the tensor and the first place of a NaN or an infinity. `offset`: where in the tensor `values` begin. */
export function assertFinite (name: string, values: Float32Array | Halves, what: 'weights' | 'scores' = 'weights', offset = 0): void {
  const index = values instanceof Float32Array ? firstNotFinite(bitsOf(values)) : values.bits.findIndex((pattern) => widened(values.type, pattern) >= FIRST_NOT_FINITE)
  if (index < 0) return
  const value = values instanceof Float32Array ? values[index] : nameOf(values, values.bits[index]!)
  const position = offset + index
  throw new EspalierError('invalid-model', `the ${what} ${what === 'weights' ? '' : 'of '}${name} hold ${value} at position ${position}; only finite ${what} can be ranked`, { tensor: name, position })
}

function firstNotFinite (bits: Int32Array): number {
  const { finite } = lookAbout(bits, { low: -1, high: 0 }, null)!
  return finite ? -1 : bits.findIndex((one) => (one & MAGNITUDE) >= FIRST_NOT_FINITE)
}

function nameOf ({ type }: Halves, pattern: number): string {
  if (widened(type, pattern) > FIRST_NOT_FINITE) return 'NaN'
  return pattern >>> 15 === 1 ? '-Infinity' : 'Infinity'
}
