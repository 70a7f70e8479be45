/** Masks by magnitude in the graph zero exactly the asked number of weights: the least, and of equal ones the first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import fc from 'fast-check'
import { createProgram } from '../../src/engine/compile/program.ts'
import { smallest } from '../../src/engine/prune/radix.ts'

/** By a stable sort, as no mask here is made. */
function expected (weights: readonly Float32Array[], zeros: number): number[] {
  const all = weights.flatMap((values) => [...values])
  const order = all.map((value, index) => ({ size: Math.abs(value), index })).sort((a, b) => a.size - b.size || a.index - b.index)
  const mask = all.map(() => 1)
  for (const { index } of order.slice(0, zeros)) mask[index] = 0
  return mask
}

const someFloats = fc.float32Array({ noNaN: true, minLength: 1, maxLength: 40 })
// Few different values, so that many are equal, with zeros of both signs and the smallest and largest numbers.
const tiedFloats = fc.array(fc.constantFrom(0, -0, 1, -1, 0.5, 1e-45, 3.4e38, Infinity), { minLength: 1, maxLength: 40 }).map((values) => Float32Array.from(values))

test('as a sort of all weights has it, for every number of zeros', () => {
  fc.assert(fc.property(fc.array(fc.oneof(someFloats, tiedFloats), { minLength: 1, maxLength: 3 }), fc.nat(), (weights, nat) => {
    const zeros = nat % (weights.reduce((sum, { length }) => sum + length, 0) + 1)
    tf.tidy(() => {
      const { kept, threshold } = smallest(weights.map((values) => tf.tensor1d(values)), tf.scalar(zeros, 'int32'))
      const masks = expected(weights, zeros)
      assert.deepEqual(kept.flatMap((mask) => [...mask.dataSync()]), masks)
      const gone = weights.flatMap((values) => [...values]).filter((_, index) => masks[index] === 0).map(Math.abs)
      assert.equal(threshold.dataSync()[0], Math.max(0, ...gone))
    })
  }), { numRuns: 60 })
})

test('compiled, with the number of zeros in the state', () => {
  const values = Float32Array.from({ length: 5000 }, (_, index) => Math.sin(index * 12.9898) * 43758.5453 % 1)
  const [variable, mask, zeros] = [tf.variable(tf.tensor2d(values, [50, 100])), tf.variable(tf.ones([50, 100])), tf.variable(tf.scalar(0, 'int32'))]
  const program = createProgram({ variable, mask, zeros }, {
    prune () {
      mask.assign(smallest([variable], zeros).kept[0]!)
      variable.assign(tf.mul(variable, mask))
      return []
    },
  })
  for (const count of [0, 1234, 4999, 5000]) {
    tf.tidy(() => {
      program.write({ variable: tf.tensor2d(values, [50, 100]), zeros: tf.scalar(count, 'int32') })
      program.run('prune')
      const [weights, kept] = program.read(['variable', 'mask']).map((tensor) => [...tensor.dataSync()])
      assert.deepEqual(kept, expected([values], count))
      assert.deepEqual(weights!.map((value) => value + 0), [...values].map((value, index) => value * kept![index]! + 0))
    })
  }
  program.dispose()
  tf.dispose([variable, mask, zeros])
})
