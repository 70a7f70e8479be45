/** Nested, shared, frozen and unknown layers, other number types: read as real Keras says they are, written, and converted. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel, type FormatName } from '../../../src/models/formats/index.ts'
import { renumbered } from '../../../src/models/formats/conversion/walk.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { setTexts, textsOf } from '../../../src/models/formats/h5-attributes.ts'
import type { Hdf5GroupSpec } from '../../../src/models/formats/hdf5/index.ts'
import { bytesOf, entryOf, groupIn, modelOf, PLAIN, pruned, SMALL, treeOf, weightsOf, withTree, write } from './formats-helpers.ts'
import { datasetAt, objectsOf } from './hdf5-helpers.ts'

const FOLDER = 'test/fixtures/formats'

interface Described { readonly parameters: number, readonly weights: Record<string, { readonly shape: number[], readonly sha256: string, readonly trainable: boolean }> }

const EXPECTED = JSON.parse(readFileSync(new URL('../../fixtures/formats/expected.json', import.meta.url), 'utf8')) as Record<string, Described>

const FORMATS = ['keras', 'keras-h5', 'tfjs-layers'] as const satisfies readonly FormatName[]

const fingerprint = (values: Float32Array) => createHash('sha256').update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest('hex')

/** Shapes and hashes of all weights in no order. */
async function contents (model: ModelFile): Promise<string[]> {
  const rows = await Promise.all(model.layers.flatMap(({ weights }) => weights).map(async ({ tensor }) => `${tensor.shape.join('x')} ${fingerprint(await tensor.read())}`))
  return rows.sort()
}

describe('as real Keras says', () => {
  for (const file of ['nested.keras', 'nested.h5', 'types.keras', 'convolutions.keras', 'convolutions.h5', 'sequences.keras', 'sequences.h5']) {
    test(`${file}: every weight at its layer and role`, async () => {
      const model = await modelOf(`${FOLDER}/${file}`)
      const { weights, parameters } = EXPECTED[file.split('.')[0]!]!
      assert.equal(model.architecture.problem, undefined)
      const found = await weightsOf(model)
      assert.equal([...found.values()].reduce((sum, values) => sum + values.length, 0), parameters)
      for (const [path, values] of found) {
        // Keras' path of a variable is layer/role; within nested models it depends on which was built first.
        const wanted = Object.entries(weights).filter(([name]) => isSameWeight(file, path, name))
        assert.equal(wanted.length, 1, path)
        assert.equal(fingerprint(values), wanted[0]![1].sha256, path)
      }
    })
  }

  test('.h5 keeps the frozen weights of a nested model last, and they are still found by order alone', async () => {
    const weights = (await treeOf(bytesOf(`${FOLDER}/nested.h5`))).children.get('model_weights')
    const encoder = weights?.kind === 'group' ? weights.children.get('encoder') : undefined
    assert.ok(encoder?.kind === 'group')
    const names = textsOf(encoder, 'weight_names')!
    // Moving statistics and the frozen layer, which stands behind them.
    assert.deepEqual(names.slice(-5).map((name) => name.split('/').at(-1)), ['moving_mean', 'moving_variance', 'depthwise_kernel', 'pointwise_kernel', 'bias'])
    const file = await withTree(bytesOf(`${FOLDER}/nested.h5`), (spec) => renameWeights(spec, names))
    assert.deepEqual(await weightsOf(await readModel(bytesInMemory(file))), await weightsOf(await modelOf(`${FOLDER}/nested.h5`)))
  })
})

/** Keras names the layers and cells within a layer as they are called, the roles by what they are. */
const INNER_NAMES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^both\/(forward|backward)_lstm\/lstm_cell/, 'both/$1_layer'],
  [/^stack\/stacked_rnn_cells\/lstm_cell/, 'stack/cell_0'],
  [/^stack\/stacked_rnn_cells\/gru_cell/, 'stack/cell_1'],
  [/\/(gru_cell|simple_rnn_cell|dense)\//, '/'],
]

function isSameWeight (file: string, path: string, name: string): boolean {
  if (file.startsWith('sequences')) return INNER_NAMES.reduce((renamed, [from, to]) => renamed.replace(from, to), name) === path
  return path.split('/').slice(-2).join('/') === name.split('/').slice(-2).join('/')
}

/** Names that tell nothing, in the same order. */
function renameWeights (spec: Hdf5GroupSpec, names: readonly string[]): void {
  const group = groupIn(spec, 'model_weights/encoder')
  const nodes = names.map((name) => {
    const at = name.lastIndexOf('/')
    return groupIn(group, name.slice(0, at)).children.get(name.slice(at + 1))!
  })
  group.children.clear()
  nodes.forEach((node, index) => group.children.set(`w${index}`, node))
  setTexts(group.attributes, 'weight_names', nodes.map((_, index) => `w${index}`))
}

describe('conversion', () => {
  for (const file of ['nested.keras', 'nested.h5', 'convolutions.keras', 'convolutions.h5', 'types.keras']) {
    for (const format of FORMATS) {
      test(`${file} as ${format}: the same layers, roles and values`, async () => {
        const model = await modelOf(`${FOLDER}/${file}`)
        const changes = await pruned(model, 0.7)
        const other = await readModel(bytesInMemory(await write(model, changes, format, SMALL)))
        assert.equal(other.format, format)
        assert.equal(other.architecture.problem, undefined)
        const [wanted, found] = [await weightsOf(model, changes), await weightsOf(other)]
        assert.deepEqual([...found.keys()].sort(), [...wanted.keys()].sort())
        const exact = model.format === format || !file.startsWith('types')
        for (const [name, values] of wanted) {
          if (exact) assert.deepEqual(found.get(name), values, name)
          else assert.ok(found.get(name)!.every((value, at) => value === values[at]), name)
        }
        const graph = (one: ModelFile) => one.architecture.graph!.nodes.map(({ macs, outputShapes }) => [macs, outputShapes])
        assert.deepEqual(graph(other), graph(model))
      })
    }
  }

  test('a .keras file made of a TF.js model keeps its weights where Keras 3 looks for them', async () => {
    const paths = async (file: Uint8Array) => [...objectsOf(await treeOf(file))].filter(({ kind, path }) => kind === 'dataset' && path.startsWith('/layers') && !path.includes('seed_generator')).map(({ path }) => path).sort()
    const original = bytesOf(`${FOLDER}/nested.keras`)
    const tfjs = await readModel(bytesInMemory(await write(await readModel(bytesInMemory(original)), new Map(), 'tfjs-layers', SMALL)))
    assert.deepEqual(await paths(await write(tfjs, new Map(), 'keras', SMALL)), await paths(original))
  })

  test('layers that TF.js does not have are refused by name', async () => {
    const model = await modelOf(`${FOLDER}/sequences.keras`)
    await assert.rejects(write(model, new Map(), 'tfjs-layers', SMALL), { code: 'unsupported-format', message: /layer \w+ \(\w+\) cannot be written for TF\.js/ })
  })

  test('there and back through every other format gives the same weights', async () => {
    for (const file of ['nested.keras', 'convolutions.h5']) {
      let model = await modelOf(`${FOLDER}/${file}`)
      const wanted = await weightsOf(model)
      for (const format of ['keras-h5', 'tfjs-layers', 'keras', 'tfjs-layers', 'keras-h5', 'keras'] as const) model = await readModel(bytesInMemory(await write(model, new Map(), format, SMALL)))
      const found = await weightsOf(model)
      for (const [name, values] of wanted) assert.deepEqual(found.get(name), values, name)
    }
  })

  test('calls of nested models are numbered as the reader numbers them', () => {
    const config = {
      class_name: 'Functional',
      config: {
        name: 'm',
        layers: [
          { class_name: 'InputLayer', name: 'x', config: { name: 'x' }, inbound_nodes: [] },
          { class_name: 'Sequential', name: 's', config: { name: 's', layers: [] }, inbound_nodes: [{ args: [['x', 0, 0]], kwargs: {} }, { args: [['s', 0, 0]], kwargs: {} }] },
          { class_name: 'Functional', name: 'f', config: { name: 'f', layers: [] }, inbound_nodes: [{ args: [['s', 1, 0]], kwargs: {} }, { args: [['f', 0, 0]], kwargs: {} }] },
        ],
        input_layers: ['x', 0, 0],
        output_layers: [['s', 1, 0], ['f', 2, 0]],
      },
    }
    assert.deepEqual(renumbered(config, 'keras3'), config)
    const { layers, output_layers: outputs } = renumbered(config, 'keras2').config as { layers: Array<{ inbound_nodes: Array<{ args: unknown[] }> }>, output_layers: unknown }
    assert.deepEqual(layers.map(({ inbound_nodes: calls }) => calls.map(({ args }) => args[0])), [[], [['x', 0, 0], ['s', 1, 0]], [['s', 2, 0], ['f', 1, 0]]])
    assert.deepEqual(outputs, [['s', 2, 0], ['f', 2, 0]])
  })

  test('optimizer state goes along between .keras and .h5, in the same order', async () => {
    const model = await modelOf(`${FOLDER}/nested.keras`)
    const h5 = await write(model, new Map(), 'keras-h5', PLAIN)
    assert.equal((await readModel(bytesInMemory(h5))).hasOptimizerState, true)
    const back = await treeOf(await write(await readModel(bytesInMemory(h5)), new Map(), 'keras', PLAIN))
    const before = await treeOf(bytesOf(`${FOLDER}/nested.keras`))
    for (const index of [0, 1, 5, 12]) assert.deepEqual(await datasetAt(back, `/optimizer/vars/${index}`).read(), await datasetAt(before, `/optimizer/vars/${index}`).read())
    await assert.rejects(write(model, new Map(), 'tfjs-layers', PLAIN), { code: 'unsupported-format', message: /optimizer state/ })
  })
})

describe('number types', () => {
  test('are written back as they were; a float64 that is not changed keeps all of its digits', async () => {
    const model = await modelOf(`${FOLDER}/types.keras`)
    assert.deepEqual(model.layers.flatMap(({ weights }) => weights.slice(0, 1).map(({ tensor }) => tensor.type)), ['float16', 'bfloat16', 'float64', 'float32'])
    const changes = await pruned(model, 0.5)
    const [before, after] = [await treeOf(bytesOf(`${FOLDER}/types.keras`)), await treeOf(await write(model, changes, 'keras', SMALL))]
    for (const { tensor } of model.layers.flatMap(({ weights }) => weights)) {
      const [old, now] = [datasetAt(before, `/${tensor.key}`), datasetAt(after, `/${tensor.key}`)]
      assert.deepEqual([now.datatype, [...now.attributes.keys()]], [old.datatype, [...old.attributes.keys()]])
      const [a, b] = [await old.read(), await now.read()]
      const size = old.datatype.size
      const values = changes.get(tensor.key) ?? await tensor.read()
      values.forEach((value, at) => assert.deepEqual(b.subarray(at * size, (at + 1) * size), value === 0 ? new Uint8Array(size) : a.subarray(at * size, (at + 1) * size), `${tensor.key}[${at}]`))
    }
  })
})

describe('layers that are not known', () => {
  for (const file of ['unknown.keras', 'unknown.h5']) {
    test(`${file}: named, prunable, and everything else untouched`, async () => {
      const model = await modelOf(`${FOLDER}/${file}`)
      const summary = await summarizeModel(model)
      assert.equal(summary.runnable, false)
      assert.match(summary.problem!, /Lambda.*double.*Graft.*graft/)
      const graft = summary.layers.find(({ name }) => name === 'graft')!
      // 4 x 6 of its own and 4 x 6 of the Dense within are tables; the bias and the count are not.
      assert.deepEqual([graft.weights, graft.prunableWeights], [24 + 24 + 6 + 1, 48])
      assert.deepEqual(await contents(model), Object.values(EXPECTED.unknown!.weights).map(({ shape, sha256 }) => `${shape.join('x')} ${sha256}`).sort())
      const changes = await pruned(model, 0.5)
      const after = await write(model, changes, model.format, SMALL)
      assert.deepEqual(await weightsOf(await readModel(bytesInMemory(after))), await weightsOf(model, changes))
      if (model.format === 'keras') assert.deepEqual(await entryOf(after, 'config.json'), await entryOf(bytesOf(`${FOLDER}/${file}`), 'config.json'))
      for (const format of FORMATS.filter((one) => one !== model.format)) await assert.rejects(write(model, changes, format, SMALL), { code: 'unsupported-format', message: /graft/ })
    })
  }

  test('a quantized model is refused by name', async () => {
    await assert.rejects(modelOf(`${FOLDER}/quantized.keras`), { code: 'unsupported-format', message: /dense.*quantized.*int8/ })
  })
})
