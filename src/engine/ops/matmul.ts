/** Products of two matrices, with gradients that are products too. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { ownKernel } from './kernel.ts'
import { FLOAT, rawOp } from './raw.ts'

interface Transposed { readonly transposeA?: boolean, readonly transposeB?: boolean }

/** a [m, k] times b [k, n], float32; `transposeA`: a is stored [k, m], `transposeB`: b is stored [n, k]. */
export function matMul2d (a: Tensor, b: Tensor, transposed: Transposed = {}): Tensor {
  return run({ a, b }, transposed)[0]!
}

const run = ownKernel<Transposed, 'a' | 'b'>({
  name: 'MatMul',
  inputs: ['a', 'b'],
  forward: ({ a, b }, { transposeA = false, transposeB = false }) => [product(a, b, transposeA, transposeB)],
  gradients: ({ dy, inputs: { a, b }, c: { transposeA = false, transposeB = false } }) => ({
    a: () => transposeA ? product(b, dy, transposeB, true) : product(dy, b, false, !transposeB),
    b: () => transposeB ? product(dy, a, true, transposeA) : product(a, dy, !transposeA, false),
  }),
})

function product (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  return rawOp('MatMul', { T: FLOAT, transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } }, [a, b])[0]!
}
