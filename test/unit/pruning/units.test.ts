/** Pruning in units of several weights, without a graph: scores and choice against plain loops. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { groupingOf, type GranularityOptions, type Grouping } from '../../../src/pruning/granularity/index.ts'
import { pruneByScores, pruneMagnitude } from '../../../src/pruning/prune.ts'
import { goneUnits, scoreUnits } from '../../../src/pruning/units.ts'

const OPTIONS: readonly GranularityOptions[] = [{ type: 'n:m', n: 2, m: 4 }, { type: 'n:m', n: 1, m: 2 }, { type: 'block', rows: 3, columns: 2 }, { type: 'row' }, { type: 'column' }, { type: 'channel' }]

/** Few distinct values, so that there are ties. */
const values = (size: number) => fc.array(fc.integer({ min: -6, max: 6 }), { minLength: size, maxLength: size }).map((list) => Float32Array.from(list))
const matrix = fc.tuple(fc.constantFrom(4, 8, 12), fc.integer({ min: 2, max: 7 })).chain(([rows, columns]) => values(rows * columns).map((list) => ({ shape: [rows, columns], values: list })))

function layoutOf (shape: readonly number[], options: GranularityOptions): Grouping {
  const grouping = groupingOf({ name: 'w', shape, className: 'Dense', role: 'kernel' }, options)
  assert.ok(grouping !== null && !('refused' in grouping))
  return grouping
}

/** Indices of the elements that would go with each unit. */
function goingByLoop (scores: Float32Array, { groups, of, removes }: Grouping): number[][] {
  return Array.from({ length: groups }, (_, group) => {
    const members = [...of.keys()].filter((index) => of[index] === group)
    return removes === undefined ? members : members.sort((a, b) => Math.abs(scores[a]!) - Math.abs(scores[b]!) || a - b).slice(0, removes)
  })
}

const meanOf = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length

describe('units', () => {
  test('score the mean, or the root mean square, of what goes with them, and take just that away', () => {
    fc.assert(fc.property(matrix, fc.constantFrom(...OPTIONS), fc.constantFrom('mean' as const, 'rms' as const), fc.infiniteStream(fc.boolean()), ({ shape, values }, options, how, stream) => {
      const layout = layoutOf(shape, options)
      const going = goingByLoop(values, layout)
      const units = scoreUnits(values, layout, how)
      going.forEach((list, unit) => {
        const expected = how === 'mean' ? meanOf(list.map((index) => Math.abs(values[index]!))) : Math.sqrt(meanOf(list.map((index) => values[index]! ** 2)))
        assert.ok(Math.abs(units.scores[unit]! - expected) < 1e-5)
        assert.equal(units.removed[unit], list.length)
      })
      const gone = Uint8Array.from(going, () => Number(stream.next().value))
      const left = values.slice()
      units.remove(left, gone)
      const expected = values.slice()
      going.forEach((list, unit) => { if (gone[unit] === 1) for (const index of list) expected[index] = 0 })
      assert.deepEqual(left.map((value) => value + 0), expected.map((value) => value + 0))
    }), { numRuns: 300 })
  })

  test('the least go, as many as come nearest to what is asked', () => {
    fc.assert(fc.property(fc.array(matrix, { minLength: 1, maxLength: 3 }), fc.constantFrom(...OPTIONS), fc.double({ min: 0, max: 1, noNaN: true }), (tensors, options, share) => {
      const units = tensors.map(({ shape, values }, index) => ({ name: `w${index}`, ...scoreUnits(values, layoutOf(shape, options)) }))
      const all = units.flatMap(({ scores, removed }) => [...scores].map((score, unit) => ({ score, size: removed[unit]! })))
      const asked = Math.round(share * all.reduce((sum, { size }) => sum + size, 0))
      const { gone, zeros } = goneUnits(units, asked)
      const flat = gone.flatMap((one) => [...one])
      assert.equal(zeros, all.reduce((sum, { size }, unit) => sum + size * flat[unit]!, 0))
      const worst = Math.max(0, ...all.filter((_, unit) => flat[unit] === 1).map(({ score }) => score))
      const left = all.filter((_, unit) => flat[unit] === 0)
      assert.ok(left.every(({ score }) => score >= worst))
      const next = left.sort((a, b) => a.score - b.score)[0]
      if (next !== undefined) assert.ok(Math.abs(zeros - asked) <= Math.abs(zeros + Math.max(...all.map(({ size }) => size)) - asked))
    }), { numRuns: 300 })
  })
})

describe('pruning in units', () => {
  test('2:4 leaves two of every four neighbours along the inputs, the larger ones', () => {
    fc.assert(fc.property(matrix, ({ shape, values }) => {
      const [rows, columns] = shape as [number, number]
      const left = values.slice()
      const report = pruneMagnitude([{ name: 'd/kernel', layer: 'd', shape, values: left, grouping: layoutOf(shape, { type: 'n:m', n: 2, m: 4 }) }], { sparsity: 0.5, scope: 'global' })
      assert.equal(report.asked, values.length / 2)
      for (let row = 0; row < rows; row += 4) {
        for (let column = 0; column < columns; column++) {
          const four = [0, 1, 2, 3].map((at) => (row + at) * columns + column)
          const kept = four.filter((index) => left[index] !== 0).map((index) => Math.abs(values[index]!))
          assert.ok(kept.length <= 2)
          const largest = four.map((index) => Math.abs(values[index]!)).sort((a, b) => b - a).slice(0, 2).filter((size) => size > 0)
          assert.deepEqual(kept.sort((a, b) => b - a), largest)
        }
      }
    }))
  })

  test('whole channels go by their mean or by their root mean square', () => {
    // Channels (columns): one large weight, or two of middle size.
    const shape = [2, 2]
    const pool = () => [{ name: 'd/kernel', layer: 'd', shape, values: Float32Array.of(5, 3, 0, 3), grouping: layoutOf(shape, { type: 'channel' }) }]
    for (const [criterion, left] of [['magnitude', [0, 3, 0, 3]], ['l2', [5, 0, 0, 0]]] as const) {
      const tensors = pool()
      pruneMagnitude(tensors, { sparsity: 0.5, scope: 'global', criterion })
      assert.deepEqual([...tensors[0]!.values], left, criterion)
    }
  })

  test('scores that are not finite are refused before anything changes, weights first', () => {
    const tensor = { name: 'd/kernel', layer: 'd', values: Float32Array.of(1, 2) }
    assert.throws(() => pruneByScores([tensor], { scores: [Float32Array.of(1, NaN)] }, { sparsity: 0.5, scope: 'global' }), { code: 'invalid-model', message: /the scores of d\/kernel hold NaN at position 1/ })
    const wrong = { ...tensor, values: Float32Array.of(Infinity, 2) }
    assert.throws(() => pruneByScores([wrong], { scores: [Float32Array.of(1, NaN)] }, { sparsity: 0.5, scope: 'global' }), { code: 'invalid-model', message: /the weights d\/kernel hold Infinity at position 0/ })
    assert.deepEqual([...tensor.values], [1, 2])
  })
})

test('zeros are counted exactly, whatever the scores of weights that are zero already, or of others', () => {
  const values = Float32Array.of(0, 1, 2, 3, 0, 4)
  const scores = Float32Array.of(9, 0, 0, 5, 8, 7)
  const report = pruneByScores([{ name: 'd/kernel', layer: 'd', values }], { scores: [scores] }, { sparsity: 0.5, scope: 'global' })
  assert.deepEqual([report.zeros, report.asked], [3, 3])
  assert.deepEqual([...values], [0, 0, 2, 3, 0, 4])
})
