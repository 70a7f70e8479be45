/** Seeded inputs for a model when there are no examples to show it. */
import { mulberry32 } from '../datasets/random.ts'
import type { BatchArray } from '../engine/predict.ts'
import { EspalierError } from '../errors.ts'
import type { Signature } from '../models/architecture/types.ts'
import { isFloat } from '../models/formats/file-tensor.ts'
import { sizeOf } from '../models/tensor.ts'

/** Size given to an axis that only the data would tell. */
const UNKNOWN_AXIS = 32

/** Numbers that are made up at most; sizes of axes are what a file claims. */
const MOST_VALUES = 2 ** 26

/**
 * `examples`, or as many as the model takes at once, of values in [0, 1) for each input, of 0 and 1 where it takes whole numbers: the same on every run with
 * the same seed. Throws `limit-exceeded` for shapes of too many numbers.
 */
export function randomInputs (model: Pick<Signature, 'inputShapes'> & Partial<Pick<Signature, 'inputTypes'>>, examples: number, seed: number): BatchArray[] {
  const random = mulberry32(seed)
  return model.inputShapes.map(([batch, ...axes], index) => {
    const shape = [batch ?? examples, ...axes.map((size) => size ?? UNKNOWN_AXIS)]
    if (sizeOf(shape) > MOST_VALUES) throw new EspalierError('limit-exceeded', `input ${index + 1} of [${shape.join(', ')}] is too large to be made up`, { shape })
    const whole = !isFloat(model.inputTypes?.[index] ?? 'float32')
    return { values: Float32Array.from({ length: sizeOf(shape) }, whole ? () => Math.round(random()) : random), shape }
  })
}
