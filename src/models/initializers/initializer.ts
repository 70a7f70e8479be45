/** What an initialiser is: it draws the values that a weight begins with. */
import { EspalierError } from '../../errors.ts'
import type { WeightAxes } from '../architecture/types.ts'
import type { ConfigReader } from '../layers/reader.ts'
import type { Shape } from '../tensor.ts'

/** A generator of numbers spread evenly over [0, 1). */
export type Random = () => number

/** What values are drawn for. */
export interface Target {
  readonly shape: Shape
  /** Where inputs and outputs are counted along these, and not along the last axes. */
  readonly axes?: Pick<WeightAxes, 'input' | 'output'>
}

/**
 * Values in row-major order, float32. The seed among its settings is not used: what is drawn is told by `random` alone. Throws `invalid-model` for
 * settings that are malformed, and `unsupported-layer` for a shape it has no values for.
 */
export type Initializer = (settings: ConfigReader, target: Target, random: Random) => Float32Array

/** The error for a shape that is no matrix. */
export function noMatrix ({ where }: ConfigReader, shape: Shape): EspalierError {
  return new EspalierError('unsupported-layer', `${where.path} cannot begin with the initializer ${where.className}: its shape [${shape.join(', ')}] is no matrix`, { weight: where.path })
}
