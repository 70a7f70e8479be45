/** The rules that pick the best point of a sweep: what they take, and why they take none. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parsePick, pick, PICK_NAMES, type Pick } from '../../../../src/jobs/sweeps/picks/index.ts'
import { ACCURACY, candidate, MSE } from './samples.ts'

const POINTS = [
  candidate('a', 0.90, { bytes: 1000, macs: 100 }), candidate('b', 0.895, { bytes: 400, macs: 100 }),
  candidate('c', 0.88, { bytes: 300, macs: 90 }), candidate('d', 0.5, { bytes: 100, macs: 10 }), candidate('e', 0.88, { bytes: 300, macs: 80 }),
]
const take = (rule: unknown, points = POINTS, metric: Parameters<typeof pick>[2] = ACCURACY): [string | null, string] => {
  const { job, because } = pick(parsePick(rule), points, metric)
  return [job, because]
}

describe('knee', () => {
  test('the point highest above the line between the ends', () => {
    const [job, because] = take('knee')
    // Scaled: b (0.333, 0.9875), c and e (0.222, 0.95): 0.654 and 0.728 above the line.
    assert.equal(job, 'c')
    assert.match(because, /knee of 5 points in accuracy and bytes: accuracy 0\.88 at 300, 0\.727778 above/)
    assert.equal(take({ knee: 'macs' })[0], 'e')
  })
  test('one point is it; a line has none; a valley has none', () => {
    assert.deepEqual(take('knee', [POINTS[0]!]), ['a', 'no other point has a better accuracy or less bytes'])
    const line = [candidate('a', 0.1, { bytes: 1 }), candidate('b', 0.2, { bytes: 2 })]
    assert.match(take('knee', line)[1], /the 2 points .* have no knee/)
    assert.equal(take('knee', [...line, candidate('c', 0.9, { bytes: 3 })])[0], null)
  })
  test('an error of which less is better', () => {
    assert.equal(take('knee', [candidate('a', 9, { bytes: 1 }), candidate('b', 2, { bytes: 2 }), candidate('c', 1, { bytes: 9 })], MSE)[0], 'b')
  })
  test('nothing measured', () => { assert.deepEqual(take({ knee: 'latency' }), [null, 'no point has both a metric and a figure for latency']) })
})

describe('smallest', () => {
  test('the least cost among those that are good enough, the limit itself among them; of equals the more accurate', () => {
    assert.equal(take({ smallest: 'bytes', maxAccuracyDrop: 0.01 })[0], 'b')
    assert.equal(take({ smallest: 'bytes', maxAccuracyDrop: 0.02 })[0], 'c')
    assert.equal(take({ smallest: 'bytes', minAccuracy: 0.895 })[0], 'b')
    assert.equal(take({ smallest: 'bytes', minAccuracy: 0.4, maxAccuracyDrop: 0.01 })[0], 'b')
    assert.equal(take({ smallest: 'macs', minAccuracy: 0.85 })[0], 'e')
    assert.equal(take({ smallest: 'bytes', minAccuracy: 0.1 }, [candidate('x', 0.3, { bytes: 5 }), candidate('y', 0.6, { bytes: 5 })])[0], 'y')
    assert.match(take({ smallest: 'bytes', maxAccuracyDrop: 0.01 })[1], /the least bytes, 400, of 2 points whose accuracy falls by at most 0\.01: 0\.895 of 0\.9/)
  })
  test('none: the nearest is named', () => {
    assert.deepEqual(take({ smallest: 'bytes', minAccuracy: 0.99 }), [null, 'there is no point whose accuracy is at least 0.99; a comes nearest with 0.9 of 0.9'])
    assert.match(take({ smallest: 'latency', minAccuracy: 0.5 })[1], /no point has both an accuracy and a figure for latency/)
    assert.match(take({ smallest: 'bytes', minAccuracy: 0.5 }, POINTS, MSE)[1], /no accuracy was measured, only mse/)
  })
})

describe('best', () => {
  test('the best accuracy within the limits; of equals the cheaper', () => {
    assert.equal(take({ best: 'accuracy', within: { bytes: 500 } })[0], 'b')
    assert.equal(take({ best: 'accuracy', within: { bytes: 300 } })[0], 'c')
    assert.equal(take({ best: 'accuracy', within: { bytes: 300, macs: 85 } })[0], 'e')
    assert.equal(take({ best: 'metric', within: { macs: 100 } })[0], 'a')
    assert.equal(take({ best: 'metric', within: { bytes: 500 } }, POINTS, MSE)[0], 'd')
  })
  test('none: the nearest is named', () => {
    assert.deepEqual(take({ best: 'accuracy', within: { bytes: 50 } }), [null, 'there is no point with bytes of at most 50; d comes nearest with bytes 100'])
    assert.match(take({ best: 'accuracy', within: { latency: 5 } })[1], /no point has both accuracy and a figure for latency/)
    assert.match(take({ best: 'accuracy', within: { bytes: 500 } }, POINTS, MSE)[1], /no accuracy was measured, only mse/)
  })
})

describe('the table', () => {
  test('every rule says why it takes none of no points', () => {
    const rules: Record<string, Pick> = { knee: { knee: 'bytes' }, smallest: { smallest: 'bytes', minAccuracy: 0.5 }, best: { best: 'accuracy', within: { bytes: 1 } } }
    assert.deepEqual(Object.keys(rules), PICK_NAMES)
    for (const rule of Object.values(rules)) assert.deepEqual(pick(rule, [], null), { job: null, because: 'no point has succeeded' })
  })
  test('what is not a rule is refused with its place', () => {
    const cases: Array<[unknown, RegExp]> = [
      [5, /\/pick must be "knee" or an object with one of the keys knee, smallest, best/], [null, /\/pick must be/], [{}, /\/pick needs one of the keys/],
      [{ smalest: 'bytes' }, /did you mean "smallest"/], [{ smallest: 'byte', minAccuracy: 0.5 }, /\/pick\/smallest must be .*did you mean "bytes"/],
      [{ smallest: 'bytes' }, /needs "maxAccuracyDrop" or "minAccuracy"/], [{ smallest: 'bytes', minAccuracy: 2 }, /\/pick\/minAccuracy must be at most 1/],
      [{ best: 'accuracy' }, /\/pick\/within is needed/], [{ best: 'accuracy', within: {} }, /\/within needs a limit/], [{ knee: 'bytes', best: 'accuracy' }, /unknown key "best"/],
      [{ best: 'accuracy', within: { size: 1 } }, /\/pick\/within\/size unknown key "size"/],
    ]
    for (const [value, message] of cases) assert.throws(() => parsePick(value), { code: 'invalid-request', message })
  })
})
