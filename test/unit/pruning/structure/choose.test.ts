/** Which channels go: by scope, at least so many stay, a round number stays, every axis keeps one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { rankChannels, type ChoiceOptions, type RankedGroup } from '../../../../src/pruning/structure/choose.ts'

const PLAIN: ChoiceOptions = { scope: 'global', minChannels: 1, roundTo: 1 }

interface GroupOptions { readonly first?: number, readonly places?: number | readonly number[], readonly fixed?: number, readonly share?: number | undefined, readonly name?: string }

/** Roots count from `first`; `fixed`: places of channels that stay anyway. */
function group (scores: readonly number[], { first = 0, places = 1, fixed = 0, share, name = 'conv' }: GroupOptions = {}): RankedGroup {
  const channels = scores.map((_, index) => ({ root: first + index, places: typeof places === 'number' ? places : places[index]! }))
  const size = channels.reduce((sum, channel) => sum + channel.places, fixed)
  return { group: { name, makers: [name], layers: [name], channels, size, frozen: [], notes: [] }, scores, ...(share !== undefined && { share }) }
}

const gone = (groups: readonly RankedGroup[], count: number, options: Partial<ChoiceOptions> = {}): number[] => [...rankChannels(groups, { ...PLAIN, ...options }).goneAt(count)].sort((a, b) => a - b)

describe('scope', () => {
  const groups = [group([5, 1, 4, 2]), group([30, 10, 20, 3], { first: 10 })]

  test('global: the least of all', () => {
    assert.equal(rankChannels(groups, PLAIN).competing, 8)
    assert.deepEqual(gone(groups, 0), [])
    assert.deepEqual(gone(groups, 3), [1, 3, 13])
    assert.deepEqual(gone(groups, 5), [1, 2, 3, 13], 'one of the first group stays')
  })

  test('layer: of each group the same share, rounded', () => {
    assert.deepEqual(gone(groups, 4, { scope: 'layer' }), [1, 3, 11, 13])
    assert.deepEqual(gone([group([1, 2, 3]), group([1, 2, 3, 4, 5], { first: 10 })], 4, { scope: 'layer' }), [0, 1, 10, 11, 12])
    assert.deepEqual(gone([], 4, { scope: 'layer' }), [])
    assert.deepEqual(gone([group([])], 0, { scope: 'layer' }), [])
  })

  test('groups of a share of their own do not compete and always go with it', () => {
    const own = group([9, 8, 7, 6], { first: 20, share: 0.6 })
    const choice = rankChannels([groups[0]!, own], PLAIN)
    assert.equal(choice.competing, 4)
    assert.deepEqual([...choice.goneAt(0)], [23, 22])
    assert.deepEqual(gone([groups[0]!, own], 1), [1, 22, 23])
    assert.deepEqual(gone([groups[0]!, group([9, 8], { first: 20, share: 0 })], 4), [1, 2, 3])
    assert.deepEqual(gone([group([1, 2, 3], { share: 1 })], 0), [0, 1])
  })
})

describe('equal scores', () => {
  test('within a group they go in their order', () => {
    assert.deepEqual(gone([group([1, 0, 1, 0, 1])], 3), [0, 1, 3])
  })

  test('among groups those of the first go first', () => {
    assert.deepEqual(gone([group([1, 1, 1], { first: 10 }), group([1, 1, 1])], 2), [10, 11])
  })
})

describe('at least so many stay', () => {
  test('in every group, though more are asked for', () => {
    assert.deepEqual(gone([group([1, 2, 3]), group([4, 5, 6, 7], { first: 10 })], 7, { minChannels: 2 }), [0, 10, 11])
    assert.deepEqual(gone([group([1, 2, 3])], 3), [0, 1])
  })

  test('a group that has no more loses none', () => {
    assert.deepEqual(gone([group([1, 2])], 2, { minChannels: 4 }), [])
  })
})

describe('a round number stays', () => {
  const many = group(Array.from({ length: 20 }, (_, index) => index))

  test('as few go less as it takes', () => {
    assert.deepEqual([1, 3, 4, 5, 11, 12, 20].map((count) => 20 - gone([many], count, { roundTo: 8 }).length), [20, 20, 16, 16, 16, 8, 8])
    assert.deepEqual(gone([many], 4, { roundTo: 8 }), [0, 1, 2, 3])
  })

  test('a group that never has a round number loses none', () => {
    assert.deepEqual(gone([group([1, 2, 3, 4, 5])], 4, { roundTo: 8 }), [])
    assert.deepEqual(gone([many], 20, { roundTo: 8, minChannels: 17 }), [])
  })

  test('counted in places: a channel may take several', () => {
    // 20 channels of 2 places: 32 places are 16 channels.
    assert.deepEqual([3, 4, 8, 19].map((count) => 20 - gone([group(many.scores, { places: 2 })], count, { roundTo: 8 }).length), [20, 16, 12, 4])
    assert.deepEqual([1, 5, 15].map((count) => 16 - gone([group(many.scores.slice(0, 16), { places: 8 })], count, { roundTo: 8 }).length), [15, 11, 1])
  })

  test('of channels that take unlike numbers of places', () => {
    // In the order in which they go: 1, 3, 2, 2, 4 of 12 places.
    const unlike = group([1, 2, 3, 4, 5], { places: [1, 3, 2, 2, 4] })
    assert.deepEqual([1, 2, 3, 4].map((count) => gone([unlike], count, { roundTo: 4 })), [[], [0, 1], [0, 1], [0, 1, 2, 3]])
    assert.deepEqual(gone([unlike], 4, { roundTo: 7 }), [])
  })

  test('with places that stay anyway', () => {
    // 5 that stay and 6 free: 8 are 3 of the free.
    assert.deepEqual(gone([group([1, 2, 3, 4, 5, 6], { fixed: 5 })], 5, { roundTo: 8 }), [0, 1, 2])
    assert.deepEqual(gone([group([1, 2, 3, 4, 5, 6], { fixed: 5 })], 2, { roundTo: 8 }), [])
  })
})

describe('axes that keep one', () => {
  test('the best of those that would all go stays, and others go in its place', () => {
    assert.deepEqual(gone([group([1, 3, 2, 9, 8, 7])], 3, { axes: [[0, 1, 2]] }), [0, 2, 5])
    assert.deepEqual(gone([group([1, 3, 2, 9, 8, 7])], 2, { axes: [[0, 1, 2]] }), [0, 2])
  })

  test('of channels of several groups', () => {
    assert.deepEqual(gone([group([1, 9]), group([2, 9], { first: 10 })], 2, { axes: [[0, 10], [1, 11]] }), [0, 11])
  })

  test('what stays is still round', () => {
    const left = (axes: number[][]) => gone([group([1, 2, 3, 4, 5, 6, 7, 8])], 4, { roundTo: 4, axes })
    assert.deepEqual(left([]), [0, 1, 2, 3])
    assert.deepEqual(left([[0, 1, 2]]), [0, 1, 3, 4])
    assert.deepEqual(left([[0], [1], [2], [3], [4]]), [])
  })

  test('an axis of one channel keeps it', () => {
    assert.deepEqual(gone([group([1, 2, 3])], 2, { axes: [[0]] }), [1, 2])
  })
})

test('scores that are no numbers are refused with the name of the group', () => {
  for (const score of [NaN, Infinity, -Infinity]) {
    assert.throws(() => rankChannels([group([1, 2]), group([1, score], { first: 10, name: 'block/conv' })], PLAIN), { code: 'invalid-model', message: /^the channels of block\/conv have scores that are no numbers/ })
  }
})

test('whatever is asked for, every group and axis keeps its number, and what stays is round or all', () => {
  const shapes = fc.array(fc.record({ scores: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 12 }), places: fc.integer({ min: 1, max: 3 }), fixed: fc.nat(5), share: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) }), { minLength: 1, maxLength: 4 })
  const options = fc.record({ scope: fc.constantFrom('global' as const, 'layer' as const), minChannels: fc.integer({ min: 1, max: 4 }), roundTo: fc.constantFrom(1, 2, 4, 8) })
  fc.assert(fc.property(shapes, options, fc.nat(50), fc.nat(20), (given, chosen, count, cut) => {
    const groups = given.map(({ scores, ...rest }, index) => group(scores, { ...rest, first: 100 * index }))
    const roots = groups.flatMap((one) => one.group.channels.map(({ root }) => root))
    const axes = [roots.slice(0, cut), roots.slice(cut)].filter((axis) => axis.length > 0)
    const choice = rankChannels(groups, { ...chosen, axes })
    const set = choice.goneAt(Math.min(count, choice.competing))
    for (const axis of axes) assert.ok(axis.some((root) => !set.has(root)))
    for (const { group: { channels, size } } of groups) {
      const going = channels.filter(({ root }) => set.has(root))
      if (going.length === 0) continue
      assert.ok(channels.length - going.length >= chosen.minChannels)
      assert.equal((size - going.reduce((sum, { places }) => sum + places, 0)) % chosen.roundTo, 0)
    }
  }), { numRuns: 500 })
})
