/** Labels of axes along reshapes, joins and concatenations: which channel stands where afterwards. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concatLabels, joinAxes, joinBroadcast, repeatEach, reshapeLabels, tileLabels } from '../../../../src/pruning/structure/axis-labels.ts'
import { ChannelSets, type AxisLabels, type ValueLabels } from '../../../../src/pruning/structure/channels.ts'

type Sizes = Array<number | null>

/** Channels along `axis` of a value of this shape, alone. */
function value (shape: Sizes, axis: number, sets = new ChannelSets()) {
  const own = sets.fresh(shape[axis]!, 0)
  return { sets, own, operand: { shape, labels: shape.map((_, at): AxisLabels => at === axis ? own : null) } }
}

const list = (labels: ValueLabels): Array<number[] | null> => labels.map((axis) => axis && [...axis])
const roots = (sets: ChannelSets, labels: Iterable<number>): number[] => [...labels].map((label) => sets.rootOf(label))
const reasons = (sets: ChannelSets, labels: Iterable<number>): Array<string | undefined> => [...new Set([...labels].map((label) => sets.frozenBecause(label)))]
const PARTED = 'its channels are parted in another way by a change of form'

describe('reshape', () => {
  const cases: Array<[string, Sizes, number, Sizes, Array<number[] | null>, number[]]> = [
    ['flattened, a channel has a place at each position', [null, 2, 2, 3], 3, [null, 12], [null, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]], [0, 1, 2]],
    ['channels in front of positions', [null, 3, 2], 1, [null, 6], [null, [0, 0, 1, 1, 2, 2]], [0, 1, 2]],
    ['positions alone are put in another form', [null, 4, 3], 2, [null, 2, 2, 3], [null, null, null, [0, 1, 2]], [0, 1, 2]],
    ['positions alone become one axis', [null, 2, 2, 3], 3, [null, 4, 3], [null, null, [0, 1, 2]], [0, 1, 2]],
    ['parted channels go together along the last axis', [null, 6], 1, [null, 2, 3], [null, null, [0, 1, 2]], [0, 1, 2, 0, 1, 2]],
    ['a size of 1 behind the channels', [null, 6], 1, [null, 6, 1], [null, [0, 1, 2, 3, 4, 5], null], [0, 1, 2, 3, 4, 5]],
    ['sizes of 1 in front of the channels', [null, 3], 1, [null, 1, 1, 3], [null, null, null, [0, 1, 2]], [0, 1, 2]],
    ['sizes of 1 around the channels are left out', [null, 1, 3, 1], 2, [null, 3], [null, [0, 1, 2]], [0, 1, 2]],
    ['a size of 1 that has the only channel', [null, 4, 1], 2, [null, 4], [null, [0, 0, 0, 0]], [0]],
    ['an axis of unknown size meets itself', [null, null, 6], 2, [null, null, 2, 3], [null, null, null, [0, 1, 2]], [0, 1, 2, 0, 1, 2]],
    ['a batch of known size', [2, 1, 3], 2, [2, 3], [null, [0, 1, 2]], [0, 1, 2]],
    ['the same form', [null, 2, 3], 1, [null, 2, 3], [null, [0, 1], null], [0, 1]],
  ]
  for (const [name, from, axis, to, wanted, joined] of cases) {
    test(name, () => {
      const { sets, own, operand } = value(from, axis)
      const made = reshapeLabels(sets, operand, to)
      assert.deepEqual(list(made).map((labels) => labels && roots(sets, labels)), wanted)
      assert.deepEqual(roots(sets, own), joined)
      assert.deepEqual(reasons(sets, own), [undefined])
    })
  }

  test('channels stand along the axis that tells them apart already', () => {
    const { sets, own, operand } = value([null, 8], 1)
    // Index 4a + 2b + c: those of the same b go together.
    for (const [a, b] of [[0, 1], [0, 4], [0, 5], [2, 3], [2, 6], [2, 7]] as const) sets.join(own[a]!, own[b]!)
    const made = reshapeLabels(sets, operand, [null, 2, 2, 2])
    assert.deepEqual(list(made).map((labels) => labels && roots(sets, labels)), [null, null, [0, 2], null])
    assert.deepEqual(roots(sets, own), [0, 0, 2, 2, 0, 0, 2, 2])
  })

  for (const [name, from, axis, to] of [
    ['several unknown sizes become one', [null, null, 4], 2, [null, null]],
    ['an unknown size in place of the channels', [null, null, 4], 2, [null, 4, null]],
    ['channels become examples', [null, 4], 1, [null]],
  ] as Array<[string, Sizes, number, Sizes]>) {
    test(`${name}: they stay`, () => {
      const { sets, own, operand } = value(from, axis)
      assert.deepEqual(list(reshapeLabels(sets, operand, to)), to.map(() => null))
      assert.deepEqual(reasons(sets, own), [PARTED])
    })
  }

  test('two axes of channels in one: both stay', () => {
    const sets = new ChannelSets()
    const [a, b] = [sets.fresh(2, 0), sets.fresh(3, 1)]
    reshapeLabels(sets, { shape: [null, 2, 3], labels: [null, a, b] }, [null, 6])
    assert.deepEqual(reasons(sets, [...a, ...b]), [PARTED])
  })

  test('two axes of channels that stay apart', () => {
    const sets = new ChannelSets()
    const [a, b] = [sets.fresh(4, 0), sets.fresh(3, 1)]
    const made = reshapeLabels(sets, { shape: [null, 4, 3], labels: [null, a, b] }, [null, 2, 2, 3])
    assert.deepEqual(list(made).map((labels) => labels && roots(sets, labels)), [null, null, [0, 1], [4, 5, 6]])
    assert.deepEqual(reasons(sets, [...a, ...b]), [undefined])
  })

  test('every value has the channel of the place it came from', () => {
    const forms = fc.constantFrom<[number[], number[]]>([[6, 4], [3, 8]], [[2, 3, 4], [24]], [[24], [2, 3, 4]], [[4, 6], [2, 2, 6]], [[2, 12], [2, 3, 4]], [[8, 3], [2, 4, 3]], [[1, 24], [24, 1]])
    fc.assert(fc.property(forms, fc.nat(2), fc.boolean(), ([first, second], at, turned) => {
      const [from, to] = turned ? [second, first] : [first, second]
      const axis = at % from.length
      const { sets, own, operand } = value([null, ...from], axis + 1)
      const made = reshapeLabels(sets, operand, [null, ...to]).slice(1)
      const labelled = made.findIndex((labels) => labels !== null)
      const placeOf = (shape: number[], which: number, index: number): number => Math.floor(index / shape.slice(which + 1).reduce((all, size) => all * size, 1)) % shape[which]!
      for (let index = 0; index < 24; index++) {
        const before = sets.rootOf(own[placeOf(from, axis, index)]!)
        if (sets.frozenBecause(before) === undefined) assert.equal(sets.rootOf(made[labelled]![placeOf(to, labelled, index)]!), before)
      }
    }))
  })
})

describe('element by element', () => {
  test('what meets goes together, aligned at the last axis', () => {
    const { sets, own: a, operand } = value([null, 4, 3], 2)
    const { own: b, operand: other } = value([3], 0, sets)
    assert.deepEqual(list(joinBroadcast(sets, [operand, other], [null, 4, 3])), [null, null, [0, 1, 2]])
    assert.deepEqual(roots(sets, [...a, ...b]), [0, 1, 2, 0, 1, 2])
    assert.deepEqual(reasons(sets, a), [undefined])
  })

  test('one channel that is spread over others stays; they may go', () => {
    const { sets, own, operand } = value([null, 4], 1)
    const { own: gate, operand: one } = value([null, 1], 1, sets)
    assert.deepEqual(list(joinBroadcast(sets, [one, operand], [null, 4])), [null, [0, 1, 2, 3]])
    assert.deepEqual(reasons(sets, gate), ['it is spread over the channels of another value'])
    assert.deepEqual(reasons(sets, own), [undefined])
  })

  test('channels that meet values without channels stay', () => {
    const { sets, own, operand } = value([null, 4], 1)
    const made = joinBroadcast(sets, [{ shape: [null, 4], labels: [null, null] }, operand], [null, 4])
    assert.deepEqual(list(made), [null, [0, 1, 2, 3]])
    assert.deepEqual(reasons(sets, own), ['its channels are joined with values that stay as they are'])
  })

  test('a single number leaves them alone, and axes without channels have none', () => {
    const { sets, own, operand } = value([null, 2, 4], 2)
    assert.deepEqual(list(joinBroadcast(sets, [operand, { shape: [], labels: [] }], [null, 2, 4])), [null, null, [0, 1, 2, 3]])
    assert.deepEqual(reasons(sets, own), [undefined])
  })
})

describe('one behind the other', () => {
  test('parts keep their channels, those without any stay', () => {
    const { sets, own: a, operand: first } = value([null, 2], 1)
    const { own: b, operand: last } = value([null, 3], 1, sets)
    const made = concatLabels(sets, [first, { shape: [null, 2], labels: [null, null] }, last], 1, (count) => {
      const labels = sets.fresh(count, -1)
      sets.freeze(labels, 'fixed')
      return labels
    })
    assert.deepEqual(list(made), [null, [0, 1, 5, 6, 2, 3, 4]])
    assert.deepEqual(reasons(sets, [...a, ...b]), [undefined])
    assert.deepEqual(reasons(sets, [5, 6]), ['fixed'])
  })

  test('along another axis the channels go together', () => {
    const { sets, own: a, operand: first } = value([null, 2, 3], 2)
    const { own: b, operand: second } = value([null, 5, 3], 2, sets)
    const made = concatLabels(sets, [first, second], 1, () => assert.fail('nothing is left without labels'))
    assert.deepEqual(list(made), [null, null, [0, 1, 2]])
    assert.deepEqual(roots(sets, [...a, ...b]), [0, 1, 2, 0, 1, 2])
  })

  test('values without channels have none', () => {
    const plain = { shape: [null, 2], labels: [null, null] }
    assert.deepEqual(list(concatLabels(new ChannelSets(), [plain, plain], 1, () => assert.fail('none are asked for'))), [null, null])
  })
})

test('axes of other sizes, or none, do not go together: what has channels stays', () => {
  const sets = new ChannelSets()
  const [a, b, c] = [sets.fresh(2, 0), sets.fresh(3, 1), sets.fresh(2, 2)]
  joinAxes(sets, a, b)
  assert.deepEqual(roots(sets, [...a, ...b]), [0, 1, 2, 3, 4])
  assert.equal(joinAxes(sets, null, c), c)
  assert.deepEqual(reasons(sets, [...a, ...b, ...c]), ['its channels are joined with values that stay as they are'])
})

test('repeated and tiled axes', () => {
  const labels = Int32Array.of(4, 7)
  assert.deepEqual([...repeatEach(labels, 3)!], [4, 4, 4, 7, 7, 7])
  assert.deepEqual([...tileLabels(labels, 3)!], [4, 7, 4, 7, 4, 7])
  assert.deepEqual([repeatEach(null, 2), tileLabels(null, 2)], [null, null])
})
