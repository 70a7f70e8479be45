/** Models whose form changed, written: in their own format all else stays as it was, and other formats take them as they take any model. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { resetText, textOf } from '../../../src/models/formats/h5-attributes.ts'
import { MODEL_FORMATS, readModel, type FormatName } from '../../../src/models/formats/index.ts'
import { decodeNumbers, fixedStringType, type Hdf5Group } from '../../../src/models/formats/hdf5/index.ts'
import type { Json } from '../../../src/models/json.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { openZip, writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { narrowed, NARROWINGS, type Narrowing } from '../../support/narrowed.ts'
import { datasetAt, objectsOf } from './hdf5-helpers.ts'
import { bytesOf, entryOf, modelOf, PLAIN, pruned, SMALL, treeOf, weightsOf, write } from './formats-helpers.ts'

const DROPPED = { ...PLAIN, optimizerState: 'drop' } as const

const FILES = [
  ['test/fixtures/models/mlp.keras', 'mlp'], ['test/fixtures/models/mlp.h5', 'mlp'], ['test/fixtures/models/mlp-keras2.h5', 'mlp'],
  ['examples/lenet5.keras', 'lenet5'], ['test/fixtures/models/lenet5.h5', 'lenet5'],
  ['test/fixtures/models/resnet8.keras', 'resnet8'], ['test/fixtures/models/resnet8.h5', 'resnet8'],
  ['test/fixtures/formats/nested.keras', 'nested'], ['test/fixtures/formats/nested.h5', 'nested'],
  ['test/fixtures/formats/sequences.keras', 'sequences'], ['test/fixtures/formats/sequences.h5', 'sequences'],
  ['test/fixtures/formats/types.keras', 'types'],
] as const

const read = async (file: Uint8Array) => await readModel(bytesInMemory(file))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const parsed = (bytes: Uint8Array) => JSON.parse(text(bytes)) as Json
const shapesOf = ({ layers }: ModelFile) => layers.map(({ path, weights }) => [path, weights.map(({ role, tensor }) => [role, tensor.key, tensor.type, tensor.shape])])

async function assertReadsAs (file: Uint8Array, remade: ModelFile, changes = new Map<string, Float32Array>()): Promise<ModelFile> {
  const after = await read(file)
  assert.deepEqual(after.architecture, remade.architecture)
  assert.deepEqual(shapesOf(after), shapesOf(remade))
  assert.deepEqual(await weightsOf(after), await weightsOf(remade, changes))
  assert.deepEqual(after.config, JSON.parse(JSON.stringify(remade.config)))
  assert.deepEqual(after.producer, remade.producer)
  assert.equal(after.hasOptimizerState, false)
  return after
}

/** All but the remade tensors, the configuration and the optimizer is as it was. */
async function assertSameRest (before: Hdf5Group, after: Hdf5Group, remade: ReadonlySet<string>): Promise<void> {
  const kept = [...objectsOf(before)].filter(({ path }) => !/^\/optimizer(_weights)?(\/|$)/.test(path))
  assert.deepEqual([...objectsOf(after)].map(({ path }) => path).sort(), kept.map(({ path }) => path).sort())
  const attributes = (group: { attributes: Hdf5Group['attributes'] }) => [...group.attributes].filter(([name]) => name !== 'model_config').map(([name, { shape, datatype, raw, items }]) => [name, shape, datatype.kind, items ?? raw])
  for (const object of kept) {
    const other = [...objectsOf(after)].find(({ path }) => path === object.path)!
    assert.deepEqual(attributes(other), attributes(object), object.path)
    if (object.kind !== 'dataset' || other.kind !== 'dataset') continue
    assert.deepEqual(other.datatype, object.datatype, object.path)
    if (!remade.has(object.path.slice(1))) assert.deepEqual([other.shape, await other.read()], [object.shape, await object.read()], object.path)
  }
}

describe('in the own format', () => {
  for (const [file, name] of FILES) {
    for (const options of [DROPPED, SMALL]) {
      test(`${file}, ${options.compress ? 'compressed' : 'plain'}: reads back, and all else stays`, async () => {
        const before = bytesOf(file)
        const model = await read(before)
        const remade = await narrowed(model, NARROWINGS[name])
        const after = await write(remade, new Map(), model.format, options)
        const again = await assertReadsAs(after, remade)
        const changed = new Set(remade.layers.flatMap(({ weights }) => weights).filter(({ tensor }) => 'held' in tensor).map(({ tensor }) => tensor.key))
        await assertSameRest(await treeOf(before), await treeOf(after), changed)
        if (model.format === 'keras') {
          assert.deepEqual((await openZip(bytesInMemory(after))).map((entry) => entry.name), (await openZip(bytesInMemory(before))).map((entry) => entry.name))
          assert.deepEqual(await entryOf(after, 'metadata.json'), await entryOf(before, 'metadata.json'))
        }
        // Written as a model that was read, the file stays as it is.
        assert.deepEqual(await write(again, new Map(), model.format, DROPPED), after)
      })
    }
  }

  test('of the configuration only what changed is spelled anew: the way the model was compiled keeps its letters', async () => {
    const file = 'test/fixtures/models/resnet8.keras'
    const [before, after] = [text(await entryOf(bytesOf(file), 'config.json')), text(await entryOf(await write(await narrowed(await modelOf(file), NARROWINGS.resnet8), new Map(), 'keras', DROPPED), 'config.json'))]
    const compiled = before.slice(before.indexOf('"compile_config": {"optimizer"'))
    assert.ok(compiled.length > 100 && after.endsWith(compiled))
    // What is left of both without sizes of channels is the same.
    const without = (one: string) => one.replace(/"filters": \d+|"(input_)?shape": \[[^a-z]*\]|\[null(, \d+)+\]/g, '_')
    assert.notEqual(after, before)
    // Not assert.equal: the texts have 60 KB.
    assert.ok(without(after) === without(before))
  })

  test('the attribute of an .h5 file keeps its kind of text', async () => {
    for (const [file, name] of [['models/mlp.h5', 'mlp'], ['models/mlp-keras2.h5', 'mlp']] as const) {
      const before = await treeOf(bytesOf(`test/fixtures/${file}`))
      const after = await treeOf(await write(await narrowed(await modelOf(`test/fixtures/${file}`), NARROWINGS[name]), new Map(), 'keras-h5', DROPPED))
      const [old, now] = [before, after].map((tree) => tree.attributes.get('model_config')!)
      assert.equal(now!.datatype.kind, old!.datatype.kind)
      assert.equal(textOf(after, 'model_config'), textOf(before, 'model_config')!.replace('"units": 300', '"units": 296').replace('"units": 100', '"units": 98'))
    }
  })

  test('a fixed-length text in an .h5 file stays one', () => {
    const attributes = new Map([['model_config', { shape: [], isNull: false, datatype: fixedStringType(9), raw: new TextEncoder().encode('{"a": 10}') }]])
    resetText(attributes, 'model_config', '{"a": 7}')
    const { datatype, raw } = attributes.get('model_config')!
    assert.deepEqual([datatype.kind, datatype.size, text(raw)], ['string', 8, '{"a": 7}'])
  })

  test('fine-tuned values take the place of the remade ones', async () => {
    for (const file of ['test/fixtures/models/resnet8.keras', 'test/fixtures/models/resnet8.h5']) {
      const remade = await narrowed(await modelOf(file), NARROWINGS.resnet8)
      const changes = await pruned(remade, 0.8)
      const after = await write(remade, changes, remade.format, SMALL)
      await assertReadsAs(after, remade, changes)
      const [key, values] = [...changes][0]!
      const dataset = datasetAt(await treeOf(after), `/${key}`)
      assert.deepEqual(decodeNumbers(await dataset.read(), dataset.datatype), values)
      await assert.rejects(write(remade, new Map([[key, new Float32Array(1)]]), remade.format, SMALL), { code: 'shape-mismatch' })
    }
  })

  test('the state of an optimizer is refused where it should be kept, and there is none to be kept', async () => {
    for (const file of ['test/fixtures/models/mlp.keras', 'test/fixtures/models/mlp.h5']) {
      const remade = await narrowed(await modelOf(file), NARROWINGS.mlp)
      for (const format of ['keras', 'keras-h5', 'tfjs-layers', 'safetensors'] as const) {
        await assert.rejects(write(remade, new Map(), format, PLAIN), { code: 'unsupported-format', message: /optimizer does not fit a model whose form changed/ })
      }
    }
    const without = await narrowed(await modelOf('test/fixtures/formats/types.keras'), NARROWINGS.types)
    await assertReadsAs(await write(without, new Map(), 'keras', PLAIN), without)
  })
})

describe('tfjs-layers', () => {
  async function zipOf (inputs: readonly ZipInput[]): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    for await (const piece of writeZip(inputs)) pieces.push(piece)
    return new Uint8Array(Buffer.concat(pieces))
  }

  const layers = [
    { class_name: 'Dense', config: { name: 'a', units: 3, activation: 'relu', use_bias: true, batch_input_shape: [null, 2], dtype: 'float32' } },
    { class_name: 'Dense', config: { name: 'b', units: 1, activation: 'linear', use_bias: true, dtype: 'float32' } },
  ]
  const config = { class_name: 'Sequential', config: { name: 'little', layers } }
  const narrowing: Narrowing = { settings: { a: { units: 2 } }, dropped: { 'a/kernel': { 1: [1] }, 'a/bias': { 0: [1] }, 'b/kernel': { 0: [1] } } }

  async function fileOf (topology: Json): Promise<Uint8Array> {
    const weight = (name: string, shape: number[], more: Json = {}) => ({ name, shape, dtype: 'float32', ...more })
    const weightsManifest = [
      { paths: ['first', 'second'], weights: [weight('a/kernel', [2, 3]), weight('a/bias', [3], { quantization: { dtype: 'uint8', scale: 0.5, min: -1 } })] },
      { paths: ['third'], weights: [weight('b/kernel', [3, 1]), weight('b/bias', [1]), weight('adam/m', [3], { group: 'optimizer' })] },
    ]
    const json = { format: 'layers-model', generatedBy: 'hand', modelTopology: topology, trainingConfig: { loss: 'mse' }, weightsManifest, userDefinedMetadata: { labels: ['x'] } }
    const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
    return await zipOf([
      { name: 'in/model.json', content: new TextEncoder().encode(JSON.stringify(json)) },
      { name: 'in/first', content: floats(1, 2, 3, 4, 5, 6).slice(0, 10) },
      { name: 'in/second', content: Uint8Array.from([...floats(1, 2, 3, 4, 5, 6).slice(10), 0, 2, 4]) },
      { name: 'in/third', content: floats(7, 8, 9, 10, 0, 0, 0) },
      { name: 'in/labels.txt', content: new TextEncoder().encode('x') },
    ])
  }

  test('new shards, the configuration where it stood, and all else as it was', async () => {
    for (const topology of [config, { keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js', model_config: config }]) {
      const before = await fileOf(topology)
      const remade = await narrowed(await read(before), narrowing)
      assert.equal(remade.lostOptimizerState, true)
      const after = await write(remade, new Map(), 'tfjs-layers', DROPPED)
      const again = await read(after)
      assert.deepEqual(again.architecture, remade.architecture)
      assert.deepEqual(Object.fromEntries([...await weightsOf(again)].map(([name, values]) => [name, [...values]])), { 'a/kernel': [1, 3, 4, 6], 'a/bias': [-1, 1], 'b/kernel': [7, 9], 'b/bias': [10] })
      const [old, now] = [parsed(await entryOf(before, 'in/model.json')), parsed(await entryOf(after, 'in/model.json'))]
      assert.deepEqual({ ...now, modelTopology: 0, weightsManifest: 0 }, { ...old, modelTopology: 0, weightsManifest: 0 })
      assert.deepEqual(now.modelTopology, JSON.parse(JSON.stringify(topology).replace('"units":3', '"units":2')))
      assert.deepEqual(now.weightsManifest, [
        { paths: ['group1-shard1of1.bin'], weights: [{ name: 'a/kernel', shape: [2, 2], dtype: 'float32' }, { name: 'a/bias', shape: [2], dtype: 'float32' }] },
        { paths: ['group2-shard1of1.bin'], weights: [{ name: 'b/kernel', shape: [2, 1], dtype: 'float32' }, { name: 'b/bias', shape: [1], dtype: 'float32' }] },
      ])
      assert.equal((await entryOf(after, 'in/group1-shard1of1.bin')).length, 24)
      assert.equal(text(await entryOf(after, 'in/labels.txt')), 'x')
      assert.equal((await openZip(bytesInMemory(after))).length, 4)
      await assert.rejects(write(remade, new Map(), 'tfjs-layers', PLAIN), { code: 'unsupported-format', message: /optimizer does not fit/ })
    }
  })

  test('models of Keras as TF.js files: remade there, and the same as remade before', async () => {
    for (const [file, name] of [['models/mlp.keras', 'mlp'], ['models/lenet5.h5', 'lenet5'], ['formats/nested.keras', 'nested']] as const) {
      const model = await modelOf(`test/fixtures/${file}`)
      const converted = await read(await write(model, new Map(), 'tfjs-layers', DROPPED))
      const remade = await narrowed(converted, NARROWINGS[name])
      const there = await read(await write(remade, new Map(), 'tfjs-layers', DROPPED))
      const before = await read(await write(await narrowed(model, NARROWINGS[name]), new Map(), 'tfjs-layers', DROPPED))
      assert.deepEqual(await weightsOf(there), await weightsOf(before))
      assert.deepEqual(there.architecture, before.architecture)
    }
  })
})

describe('conversion', () => {
  const TARGETS = ['keras', 'keras-h5', 'tfjs-layers', 'safetensors'] as const satisfies readonly FormatName[]

  for (const [file, name] of FILES) {
    const own: FormatName = file.endsWith('.h5') ? 'keras-h5' : 'keras'
    // TF.js has float32 only and no recurrent layers that are written, and an .h5 file no bfloat16.
    for (const format of TARGETS.filter((target) => target !== own && (name !== 'types' || target === 'safetensors') && (name !== 'sequences' || target !== 'tfjs-layers'))) {
      test(`${file} as ${format}: the same layers and values`, async () => {
        const remade = await narrowed(await modelOf(file), NARROWINGS[name])
        const converted = await read(await write(remade, new Map(), format, SMALL))
        const ordered = async (model: ModelFile) => [...(await weightsOf(model))].sort(([a], [b]) => a < b ? -1 : 1)
        assert.deepEqual(await ordered(converted), await ordered(remade))
        if ((MODEL_FORMATS[format] as { weightsOnly?: true }).weightsOnly === true) return
        const shapes = ({ architecture }: ModelFile) => architecture.graph!.nodes.map(({ outputShapes }) => outputShapes)
        assert.deepEqual(shapes(converted), shapes(remade))
        assert.equal(converted.hasOptimizerState, false)
      })
    }
  }
})
