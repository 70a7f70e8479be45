/** Operations that multiply and sum: matmul and einsum. */
import { einsumMacs, einsumShape, parseEquation, type Equation } from '../einsum.ts'
import { broadcast, exampleSize, misfit } from '../shapes.ts'
import type { Operation } from './operation.ts'

/** Over the last two axes, the others as batches. */
export const matmul: Operation<null> = {
  classNames: ['Matmul'],
  operands: ['x1', 'x2'],
  settings: () => null,
  shapes (_, [a, b]) {
    if (a === undefined || b === undefined || a.length < 2 || b.length < 2) throw misfit('matrices with two axes or more are multiplied here')
    const [inner, other] = [a.at(-1)!, b.at(-2)!]
    if (inner !== null && other !== null && inner !== other) throw misfit(`matrices of ${inner} columns and ${other} rows cannot be multiplied`)
    return [[...broadcast(a.slice(0, -2), b.slice(0, -2)), a.at(-2)!, b.at(-1)!]]
  },
  macs: (_, [a], output) => exampleSize(output) * (a?.at(-1) ?? 1),
}

export interface EinsumConfig { readonly equation: Equation }

export const einsum: Operation<EinsumConfig> = {
  classNames: ['Einsum'],
  operands: [],
  settings (reader) {
    const text = reader.value('subscripts')
    if (typeof text !== 'string') throw reader.wrong('subscripts', 'an equation such as "ij,jk->ik"')
    const equation = parseEquation(text)
    if (equation === undefined) throw reader.unsupported(`with the equation "${text.slice(0, 60)}"`)
    return { equation }
  },
  shapes: ({ equation }, shapes) => [einsumShape(equation, shapes)],
  macs: ({ equation }, shapes) => einsumMacs(equation, shapes),
}
