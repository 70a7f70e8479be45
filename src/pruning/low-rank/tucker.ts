/** Tucker-2 decomposition of a convolution's kernel: along its input and output channels, its positions as they are (Kim et al. 2016). */
import { eigenOf } from './eigen.ts'
import { gramOf, product, transposed } from './matrix.ts'

/** Bases in rows, from the one with the largest share on, and the kernel in them: [positions, inputs, outputs]. */
export interface Tucker {
  readonly positions: number
  readonly inputs: number
  readonly outputs: number
  readonly inputBasis: Float64Array
  readonly outputBasis: Float64Array
  readonly core: Float64Array
}

/** Of a kernel [positions, inputs, outputs], by its higher-order singular value decomposition (De Lathauwer et al. 2000). */
export function tuckerOf (kernel: Float32Array, positions: number, inputs: number, outputs: number): Tucker {
  const outputBasis = eigenOf(gramOf(kernel, positions * inputs, outputs), outputs).vectors
  const slice = inputs * outputs
  const turned = new Float64Array(kernel.length)
  for (let p = 0; p < positions; p++) turned.set(transposed(kernel.subarray(p * slice, (p + 1) * slice), inputs, outputs), p * slice)
  const inputBasis = eigenOf(gramOf(turned, positions * outputs, inputs), inputs).vectors
  const core = product(kernel, transposed(outputBasis, outputs, outputs), positions * inputs, outputs, outputs)
  for (let p = 0; p < positions; p++) core.set(product(inputBasis, core.subarray(p * slice, (p + 1) * slice), inputs, inputs, outputs), p * slice)
  return { positions, inputs, outputs, inputBasis, outputBasis, core }
}

/** The sum of squares that ranks r of inputs and s of outputs keep, at [r * (outputs + 1) + s]. */
export function energiesOf ({ positions, inputs, outputs, core }: Tucker): Float64Array {
  const table = new Float64Array((inputs + 1) * (outputs + 1))
  for (let i = 0; i < inputs; i++) {
    let row = 0
    for (let j = 0; j < outputs; j++) {
      for (let p = 0; p < positions; p++) row += core[(p * inputs + i) * outputs + j]! ** 2
      table[(i + 1) * (outputs + 1) + j + 1] = table[i * (outputs + 1) + j + 1]! + row
    }
  }
  return table
}

/** Kernels [inputs, r], [positions, r, s], [s, outputs] whose product is the kernel within the ranks. */
export function tuckerFactors ({ positions, inputs, outputs, inputBasis, outputBasis, core }: Tucker, r: number, s: number): { first: Float32Array, core: Float32Array, last: Float32Array } {
  return {
    first: Float32Array.from(transposed(inputBasis.subarray(0, r * inputs), r, inputs)),
    core: Float32Array.from({ length: positions * r * s }, (_, at) => core[(Math.floor(at / (r * s)) * inputs + Math.floor(at / s) % r) * outputs + at % s]!),
    last: Float32Array.from(outputBasis.subarray(0, s * outputs)),
  }
}
