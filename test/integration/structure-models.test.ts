/** Channels across nested, shared and sequential models, several inputs and outputs, and configurations of Keras 2. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { groupChannels } from '../../src/pruning/structure/groups.ts'
import { openFixture } from '../support/fixtures.ts'
import { checkTopology, type Expected } from '../support/topologies/check.ts'
import { MODEL_TOPOLOGIES } from '../support/topologies/models.ts'

const SEQUENTIAL: Expected = {
  groups: ['first 8: first second', 'second 6: second out'],
  sizes: { first: { units: 4 }, second: { units: 3 }, out: { units: 2 } },
}

/** Half of the channels of each group go, rounded up. */
const EXPECTED: { readonly [Name in keyof typeof MODEL_TOPOLOGIES]: Expected } = {
  shared: {
    groups: ['first + shared 6: first shared out'],
    sizes: { first: { units: 3 }, shared: { units: 3 } },
  },
  nested: {
    groups: ['first 5: first encoder/block/dense', 'encoder/block/dense 6: encoder/block/dense encoder/block/bn encoder/dense', 'encoder/dense 4: encoder/dense out'],
    sizes: { first: { units: 2 }, 'encoder/block/dense': { units: 3 }, 'encoder/dense': { units: 2 } },
  },
  nestedTwice: {
    groups: ['a + b 6: a b block/dense', 'block/dense 4: block/dense block/bn out'],
    sizes: { a: { units: 3 }, b: { units: 3 }, 'block/dense': { units: 2 } },
  },
  sequential: SEQUENTIAL,
  sequentialWithoutInput: SEQUENTIAL,
  severalOutputs: {
    groups: ['trunk 8: trunk features head', 'head 6: head out'],
    sizes: { trunk: { units: 4 }, features: { units: 4 }, head: { units: 3 }, out: { units: 2 }, more: { units: 3 } },
  },
  severalInputs: {
    groups: ['of_x + of_y 6: of_x of_y out'],
    sizes: { of_x: { units: 3 }, of_y: { units: 3 } },
  },
  keras2: {
    groups: ['first + second 6: first second out'],
    sizes: { first: { filters: 3 }, second: { filters: 3 } },
  },
}

for (const [name, make] of Object.entries(MODEL_TOPOLOGIES)) {
  test(name, () => { checkTopology(make(), EXPECTED[name as keyof typeof EXPECTED]) })
}

test('the outputs of a model stay, and say so', () => {
  const groups = groupChannels(coupleChannels(readArchitecture(MODEL_TOPOLOGIES.severalOutputs())))
  assert.deepEqual(groups.filter(({ channels }) => channels.length === 0).map(({ name, size, frozen }) => [name, size, ...frozen]), [
    ['features', 4, 'its channels are the outputs of the model'],
    ['out', 2, 'its channels are the outputs of the model'],
    ['more', 3, 'its channels are the outputs of the model'],
  ])
})

const RESNET: Expected = {
  groups: [
    'conv2d_2 + conv2d_4 8: conv2d_2 batch_normalization conv2d_3 conv2d_4 batch_normalization_2 conv2d_5 conv2d_7',
    'conv2d_3 8: conv2d_3 batch_normalization_1 conv2d_4',
    'conv2d_5 16: conv2d_5 batch_normalization_3 conv2d_6',
    'conv2d_6 + conv2d_7 16: conv2d_6 conv2d_7 batch_normalization_4 batch_normalization_5 conv2d_8 conv2d_10',
    'conv2d_8 32: conv2d_8 batch_normalization_6 conv2d_9',
    'conv2d_9 + conv2d_10 32: conv2d_9 conv2d_10 batch_normalization_7 batch_normalization_8 dense_5',
  ],
  sizes: { conv2d_2: { filters: 4 }, conv2d_4: { filters: 4 }, conv2d_6: { filters: 8 }, conv2d_7: { filters: 8 }, conv2d_9: { filters: 16 }, dense_5: { units: 10 } },
}

/** As Keras wrote them: of Keras 2, of Keras 3, as `.keras` and as `.h5`. */
const FILES: Readonly<Record<string, Expected>> = {
  'test/fixtures/models/mlp-keras2.h5': {
    groups: ['dense 300: dense dense_1', 'dense_1 100: dense_1 dense_2'],
    sizes: { dense: { units: 150 }, dense_1: { units: 50 }, dense_2: { units: 10 } },
  },
  'test/fixtures/models/lenet5.h5': {
    groups: ['conv2d 20: conv2d conv2d_1', 'conv2d_1 50: conv2d_1 dense_3', 'dense_3 500: dense_3 dense_4'],
    sizes: { conv2d: { filters: 10 }, conv2d_1: { filters: 25 }, dense_3: { units: 250 }, dense_4: { units: 10 } },
  },
  'test/fixtures/models/resnet8.keras': RESNET,
  'test/fixtures/models/resnet8.h5': RESNET,
}

for (const [file, expected] of Object.entries(FILES)) {
  test(file, async () => {
    const source = await openFixture(file)
    const { config } = await readModel(source)
    await source.close()
    checkTopology(config, expected)
  })
}
