/** Numbers drawn from the distributions that weights begin with. */
import type { Random } from './initializer.ts'

/** Beyond so many standard deviations a truncated normal distribution draws again. */
const TRUNCATED_AT = 2

/** `count` numbers spread evenly over [min, max). */
export function uniform (count: number, min: number, max: number, random: Random): Float32Array {
  return filled(count, () => min + (max - min) * random())
}

export function normal (count: number, mean: number, deviation: number, random: Random): Float32Array {
  const next = standardNormal(random)
  return filled(count, () => mean + deviation * next())
}

/** Normal, with what lies two deviations or more from the mean drawn again; `deviation` is that before it is cut, 1 / 0.8796 of what the values have. */
export function truncatedNormal (count: number, mean: number, deviation: number, random: Random): Float32Array {
  const next = standardNormal(random)
  const inside = (): number => {
    let value = next()
    while (Math.abs(value) >= TRUNCATED_AT) value = next()
    return value
  }
  return filled(count, () => mean + deviation * inside())
}

/** Numbers of mean 0 and deviation 1. Source: Box and Muller, A Note on the Generation of Random Normal Deviates, 1958. */
export function standardNormal (random: Random): () => number {
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    // 1 - u lies in (0, 1], which has a logarithm.
    const radius = Math.sqrt(-2 * Math.log(1 - random()))
    const angle = 2 * Math.PI * random()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
}

function filled (count: number, next: () => number): Float32Array {
  const values = new Float32Array(count)
  for (let index = 0; index < count; index++) values[index] = next()
  return values
}
