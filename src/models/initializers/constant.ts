/** Initialisers that draw nothing: one number everywhere, and the identity. Source: keras.initializers.constant_initializers. */
import { sizeOf } from '../tensor.ts'
import { noMatrix, type Initializer } from './initializer.ts'

export const zeros: Initializer = (_, { shape }) => new Float32Array(sizeOf(shape))

export const ones: Initializer = (_, { shape }) => new Float32Array(sizeOf(shape)).fill(1)

/** `value` is a number, or one for every weight. */
export const constant: Initializer = (settings, { shape }) => {
  const { values } = settings.constant('value') ?? { values: [0] }
  const size = sizeOf(shape)
  if (values.length !== 1 && values.length !== size) throw settings.wrong('value', `a number or ${size} of them, for the shape [${shape.join(', ')}]`)
  return values.length === 1 ? new Float32Array(size).fill(values[0]!) : Float32Array.from(values)
}

/** `gain` on the diagonal of a matrix. */
export const identity: Initializer = (settings, { shape }) => {
  const [rows, columns] = shape
  if (rows === undefined || columns === undefined || shape.length !== 2) throw noMatrix(settings, shape)
  const [values, gain] = [new Float32Array(rows * columns), settings.number('gain', 1)]
  for (let row = 0; row < Math.min(rows, columns); row++) values[row * columns + row] = gain
  return values
}
