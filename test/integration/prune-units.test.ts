/** Units inside the graph: which go, and what becomes of their elements, as plain loops over numbers have it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import fc from 'fast-check'
import { selectUnits } from '../../src/engine/prune/select.ts'
import { unitsOf } from '../../src/engine/prune/units.ts'
import { lampScores as lampInGraph } from '../../src/engine/prune/lamp.ts'
import { lampScores } from '../../src/pruning/allocation/lamp.ts'
import { groupingOf, type GranularityOptions, type Grouping } from '../../src/pruning/granularity/index.ts'

const AXES = { input: [0], output: [1], spatial: [] }

interface Tensor { readonly shape: [number, number], readonly values: Float32Array }

const someTensor: fc.Arbitrary<Tensor> = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) =>
  fc.array(fc.oneof(fc.constantFrom(0, 1, 2), fc.double({ min: 1e-6, max: 4, noNaN: true })), { minLength: 4 * rows * columns, maxLength: 4 * rows * columns })
    .map((values) => ({ shape: [4 * rows, columns], values: Float32Array.from(values) })))

const granularities: GranularityOptions[] = [{ type: 'weight' }, { type: 'n:m', n: 2, m: 4 }, { type: 'n:m', n: 1, m: 2 }, { type: 'block', rows: 3, columns: 2 }, { type: 'row' }, { type: 'column' }, { type: 'channel' }]

function layoutOf ({ shape }: Tensor, options: GranularityOptions): Grouping | null {
  return groupingOf({ name: 'kernel', shape, axes: AXES, className: 'Dense', role: 'kernel' }, options) as Grouping | null
}

/** Elements of each unit in order of importance: those that go first, first; of equal ones the earlier. */
function unitsByLoop ({ values }: Tensor, layout: Grouping | null): Array<{ goes: number[], score: number }> {
  const members: number[][] = Array.from({ length: layout?.groups ?? values.length }, () => [])
  values.forEach((_, element) => { members[layout?.of[element] ?? element]!.push(element) })
  return members.map((elements) => {
    const order = [...elements].sort((a, b) => values[a]! - values[b]! || a - b)
    const goes = order.slice(0, layout?.removes ?? elements.length)
    return { goes, score: goes.reduce((sum, element) => sum + values[element]!, 0) / goes.length }
  })
}

test('scores of units and their masks are those of plain loops', () => {
  fc.assert(fc.property(someTensor, fc.constantFrom(...granularities), fc.infiniteStream(fc.boolean()), (tensor, options, stream) => {
    const layout = layoutOf(tensor, options)
    const expected = unitsByLoop(tensor, layout)
    const units = unitsOf(tensor.shape, layout)
    const kept = expected.map(() => stream.next().value as boolean)
    tf.tidy(() => {
      const elements = tf.tensor2d(tensor.values, tensor.shape)
      const scores = units.scores(elements).dataSync()
      expected.forEach(({ score }, unit) => { assert.ok(Math.abs(scores[unit]! - score) < 1e-5, `${scores[unit]} is not ${score}`) })
      const mask = units.spread(tf.tensor1d(kept.map(Number), 'float32'), elements)
      assert.deepEqual(mask.shape, tensor.shape)
      const zeros = new Set(expected.flatMap(({ goes }, unit) => kept[unit] ? [] : goes))
      assert.deepEqual([...mask.dataSync()], [...tensor.values.keys()].map((element) => zeros.has(element) ? 0 : 1))
    })
  }), { numRuns: 80 })
})

test('of units that compete the least go, as many as come nearest to the zeros asked', () => {
  fc.assert(fc.property(fc.array(someTensor, { minLength: 1, maxLength: 3 }), fc.constantFrom(...granularities), fc.nat(), (tensors, options, nat) => {
    const layouts = tensors.map((tensor) => layoutOf(tensor, options))
    const all = tensors.flatMap((tensor, index) => unitsByLoop(tensor, layouts[index]!).map(({ goes, score }) => ({ size: goes.length, score: Math.fround(score) })))
    const zeros = nat % (all.reduce((sum, { size }) => sum + size, 0) + 1)
    tf.tidy(() => {
      const contenders = tensors.map((tensor, index) => {
        const units = unitsOf(tensor.shape, layouts[index]!)
        return { units, scores: units.scores(tf.tensor2d(tensor.values, tensor.shape)) }
      })
      const scores = contenders.flatMap((one) => [...one.scores.dataSync()])
      const { kept, threshold } = selectUnits(contenders, tf.scalar(zeros, 'int32'))
      const gone = kept.flatMap((mask) => [...mask.dataSync()]).map((value) => value === 0)
      const removed = all.reduce((sum, { size }, unit) => sum + (gone[unit] ? size : 0), 0)
      // Nothing that stays is less than what goes, and one unit more or less would not come nearer.
      const worst = Math.max(0, ...scores.filter((_, unit) => gone[unit]))
      const left = scores.map((score, unit) => ({ score, size: all[unit]!.size })).filter((_, unit) => !gone[unit])
      for (const { score } of left) assert.ok(score >= worst - 1e-6)
      assert.ok(Math.abs(threshold.dataSync()[0]! - worst) < 1e-6)
      const largest = Math.max(...all.map(({ size }) => size))
      assert.ok(Math.abs(removed - zeros) <= largest / 2, `${removed} of ${zeros}, units of up to ${largest}`)
    })
  }), { numRuns: 80 })
})

test('layer-adaptive scores in the graph are those of the static methods, but for equal ones, which have an order', () => {
  fc.assert(fc.property(fc.uniqueArray(fc.double({ min: 1e-3, max: 4, noNaN: true }).map(Math.fround), { minLength: 1, maxLength: 60 }), (list) => {
    const values = Float32Array.from(list)
    const expected = lampScores(values)
    tf.tidy(() => {
      const got = lampInGraph(tf.tensor1d(values)).dataSync()
      got.forEach((value, index) => { assert.ok(Math.abs(value - expected[index]!) <= 1e-5 * expected[index]!, `${value} for ${expected[index]}`) })
    })
  }), { numRuns: 40 })
})
