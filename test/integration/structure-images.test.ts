/** How convolutions share channels, one small model each: groups, new sizes, and outputs beside those of zeros in the places of what went. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTopology, entryOf, type Expected } from '../support/topologies/check.ts'
import { IMAGE_TOPOLOGIES } from '../support/topologies/images.ts'

/** Half of the channels of each group go, rounded up. */
const EXPECTED: { readonly [Name in keyof typeof IMAGE_TOPOLOGIES]: Expected } = {
  cascade: {
    groups: ['first 8: first bn second', 'second 6: second out'],
    sizes: { first: { filters: 4 }, second: { filters: 3 }, out: { units: 2 } },
  },
  flatten: {
    groups: ['conv 4: conv hidden', 'hidden 6: hidden out'],
    sizes: { conv: { filters: 2 }, hidden: { units: 3 }, out: { units: 3 } },
  },
  residual: {
    groups: ['first + back 6: first inner back bn last', 'inner 4: inner back', 'last 5: last out'],
    sizes: { first: { filters: 3 }, inner: { filters: 2 }, back: { filters: 3 }, last: { filters: 2 } },
  },
  concat: {
    groups: ['left 4: left bn last', 'right 6: right bn last', 'last 5: last out'],
    sizes: { left: { filters: 2 }, right: { filters: 3 }, last: { filters: 2 } },
  },
  concatInput: {
    groups: ['conv 4: conv last', 'last 5: last out'],
    sizes: { conv: { filters: 2 }, last: { filters: 2 } },
  },
  split: {
    groups: ['first 8: first low high', 'low 4: low out', 'high 2: high out'],
    // The part that would lose all four keeps one, and one of the other part goes for it.
    sizes: { first: { filters: 4 }, split: { indices_or_sections: [1] }, low: { filters: 2 }, high: { filters: 1 } },
  },
  slices: {
    groups: ['first 6: first narrow wide', 'narrow 3: narrow out', 'wide 4: wide out'],
    sizes: { first: { filters: 3 }, narrow: { filters: 1 }, wide: { filters: 2 } },
  },
  depthwise: {
    groups: ['first 4: first deep bn point', 'point 5: point out'],
    sizes: { first: { filters: 2 }, deep: { depth_multiplier: 2 }, point: { filters: 2 } },
  },
  separable: {
    groups: ['first 4: first separable', 'separable 6: separable out'],
    sizes: { first: { filters: 2 }, separable: { filters: 3, depth_multiplier: 2 } },
  },
  transposed: {
    groups: ['first 4: first up', 'up 6: up last', 'last 3: last out'],
    sizes: { first: { filters: 2 }, up: { filters: 3 }, last: { filters: 1 } },
  },
  grouped: {
    groups: ['first 4 x 2: first grouped', 'grouped 3 x 2: grouped last', 'last 3: last out'],
    sizes: { first: { filters: 4 }, grouped: { filters: 2, groups: 2 }, last: { filters: 1 } },
  },
  groupedSingly: {
    groups: ['first + grouped 4: first grouped last', 'last 3: last out'],
    sizes: { first: { filters: 2 }, grouped: { filters: 4, groups: 2 }, last: { filters: 1 } },
  },
  excited: {
    groups: ['first + excite 6: first squeeze excite last', 'squeeze 4: squeeze excite', 'last 3: last out'],
    sizes: { first: { filters: 3 }, squeeze: { units: 2 }, excite: { units: 3 }, last: { filters: 1 } },
  },
  normalizedInGroups: {
    groups: ['first 4 x 2: first norm last', 'last 3: last out'],
    sizes: { first: { filters: 4 }, norm: { groups: 2 }, last: { filters: 1 } },
  },
  channelsFirst: {
    groups: ['conv 4: conv bn out'],
    sizes: { conv: { filters: 2 }, out: { units: 3 } },
  },
}

for (const [name, make] of Object.entries(IMAGE_TOPOLOGIES)) {
  test(name, () => { checkTopology(make(), EXPECTED[name as keyof typeof EXPECTED]) })
}

test('slices get the ends that their channels have now', () => {
  const config = checkTopology(IMAGE_TOPOLOGIES.slices(), EXPECTED.slices)
  // Of the channels 1, 4 and 5 that stay the first slice has 1, the last four had 4 and 5.
  const keyOf = (layer: string): unknown => (entryOf(config, layer).inbound_nodes as Array<{ args: unknown[] }>)[0]!.args[1]
  const ellipsis = { class_name: '__ellipsis__', config: {} }
  const part = (start: number, stop: number) => ({ class_name: '__slice__', config: { start, stop, step: null } })
  assert.deepEqual([keyOf('low'), keyOf('high')], [[ellipsis, part(0, 1)], [ellipsis, part(1, 3)]])
})
