/** TF.js layers files made by hand: groups, shards, quantization, folders, and everything that can be wrong with them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { entryOf, modelOf, PLAIN, SMALL, weightsOf, write } from './formats-helpers.ts'

interface Entry { name: string, shape: unknown, dtype: unknown, quantization?: unknown, group?: string }
interface Manifest { paths: string[], weights: Entry[] }

const TOPOLOGY = {
  class_name: 'Sequential',
  config: {
    name: 'little',
    layers: [
      { class_name: 'Dense', config: { name: 'a', units: 2, activation: 'relu', use_bias: true, batch_input_shape: [null, 3], dtype: 'float32' } },
      { class_name: 'Dense', config: { name: 'b', units: 1, activation: 'linear', use_bias: true, dtype: 'float32' } },
    ],
  },
}

const VALUES = { 'a/kernel': [1, -2, 3, -4, 5, -6], 'a/bias': [0.5, -0.5], 'b/kernel': [7, 8], 'b/bias': [9] }
const SHAPES: Record<string, number[]> = { 'a/kernel': [3, 2], 'a/bias': [2], 'b/kernel': [2, 1], 'b/bias': [1] }

const plain = (name: string): Entry => ({ name, shape: SHAPES[name], dtype: 'float32' })
const floats = (...names: Array<keyof typeof VALUES>) => new Uint8Array(Float32Array.from(names.flatMap((name) => VALUES[name])).buffer)

async function zipOf (inputs: readonly ZipInput[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

async function fileOf (manifest: unknown, shards: Record<string, Uint8Array>, { folder = '', topology = TOPOLOGY as unknown, deflate = false, more = {} } = {}): Promise<Uint8Array> {
  const json = JSON.stringify({ format: 'layers-model', generatedBy: 'hand', modelTopology: topology, weightsManifest: manifest, ...more })
  return await zipOf([{ name: `${folder}model.json`, content: new TextEncoder().encode(json), deflate }, ...Object.entries(shards).map(([name, content]) => ({ name: folder + name, content, deflate }))])
}

const all = floats('a/kernel', 'a/bias', 'b/kernel', 'b/bias')
const everything: Manifest = { paths: ['w.bin'], weights: Object.keys(SHAPES).map(plain) }
const read = async (file: Uint8Array) => await readModel(bytesInMemory(file))

async function assertValues (file: Uint8Array, wanted: Record<string, number[]> = VALUES, tolerance = 0): Promise<void> {
  const found = await weightsOf(await read(file))
  assert.deepEqual([...found.keys()].sort(), Object.keys(wanted).sort())
  for (const [name, values] of found) values.forEach((value, at) => assert.ok(Math.abs(value - wanted[name]![at]!) <= tolerance, `${name}[${at}] is ${value}`))
}

describe('reading', () => {
  test('one group, several groups, weights across shards, folders, compressed entries', async () => {
    await assertValues(await fileOf([everything], { 'w.bin': all }))
    await assertValues(await fileOf([everything], { 'w.bin': all }, { folder: 'deep/er/', deflate: true }))
    await assertValues(await fileOf([{ paths: ['1', '2', '3'], weights: everything.weights }], { 1: all.slice(0, 5), 2: all.slice(5, 6), 3: all.slice(6) }, { deflate: true }))
    await assertValues(await fileOf([{ paths: ['x'], weights: [plain('b/bias'), plain('a/kernel')] }, { paths: ['y'], weights: [plain('b/kernel'), plain('a/bias')] }],
      { x: floats('b/bias', 'a/kernel'), y: floats('b/kernel', 'a/bias') }))
  })

  test('the topology may stand in model_config, and names may have more in front', async () => {
    const weights = everything.weights.map((entry) => ({ ...entry, name: `little/${entry.name}` }))
    await assertValues(await fileOf([{ paths: ['w.bin'], weights }], { 'w.bin': all }, { topology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: TOPOLOGY } }))
  })

  test('quantized weights are numbers again: uint8, uint16, float16', async () => {
    const scale = 1 / 16
    const quantized: Manifest = {
      paths: ['w.bin'],
      weights: [
        { ...plain('a/kernel'), quantization: { dtype: 'uint8', scale, min: -6 } },
        { ...plain('a/bias'), quantization: { dtype: 'uint16', scale: 2 ** -12, min: -1 } },
        { ...plain('b/kernel'), quantization: { dtype: 'float16' } },
        plain('b/bias'),
      ],
    }
    const bytes = [
      ...VALUES['a/kernel'].map((value) => (value + 6) / scale),
      ...new Uint8Array(Uint16Array.from(VALUES['a/bias'].map((value) => (value + 1) * 2 ** 12)).buffer),
      // 7 and 8 as binary16.
      0x00, 0x47, 0x00, 0x48,
      ...floats('b/bias'),
    ]
    const file = await fileOf([quantized], { 'w.bin': Uint8Array.from(bytes) })
    await assertValues(file)
    const model = await read(file)
    assert.match(model.producer.quantized!, /uint8, uint16, float16.*float32/)
    const after = await write(model, new Map(), 'tfjs-layers', SMALL)
    const json = JSON.parse(new TextDecoder().decode(await entryOf(after, 'model.json'))) as { generatedBy: string, weightsManifest: Manifest[] }
    assert.ok(json.generatedBy === 'hand' && json.weightsManifest.every(({ weights }) => weights.every(({ quantization }) => quantization === undefined)))
    await assertValues(after)
  })
})

describe('writing', () => {
  test('model.json stays byte for byte, shards keep their names and sizes, other entries stay', async () => {
    const file = await zipOf([
      { name: 'model.json', content: new TextEncoder().encode(`{ "weightsManifest": ${JSON.stringify([{ paths: ['1', '2'], weights: everything.weights }])},\n "modelTopology": ${JSON.stringify(TOPOLOGY)} }`) },
      { name: '1', content: all.slice(0, 10) }, { name: '2', content: all.slice(10) }, { name: 'labels.txt', content: new TextEncoder().encode('left\nright') },
    ])
    const model = await read(file)
    const after = await write(model, new Map([['a/kernel', new Float32Array(6)]]), 'tfjs-layers', SMALL)
    for (const name of ['model.json', 'labels.txt']) assert.deepEqual(await entryOf(after, name), await entryOf(file, name))
    assert.deepEqual([(await entryOf(after, '1')).length, (await entryOf(after, '2')).length], [10, all.length - 10])
    await assertValues(after, { ...VALUES, 'a/kernel': [0, 0, 0, 0, 0, 0] })
  })

  test('optimizer state is kept or dropped', async () => {
    const manifest = [{ ...everything, weights: [...everything.weights, { name: 'adam/m', shape: [2], dtype: 'float32', group: 'optimizer' }] }]
    const model = await read(await fileOf(manifest, { 'w.bin': Uint8Array.from([...all, ...new Uint8Array(8).fill(1)]) }))
    assert.equal(model.hasOptimizerState, true)
    const hasState = async (file: Uint8Array) => (await read(file)).hasOptimizerState
    assert.equal(await hasState(await write(model, new Map(), 'tfjs-layers', PLAIN)), true)
    const dropped = await write(model, new Map(), 'tfjs-layers', SMALL)
    assert.equal(await hasState(dropped), false)
    await assertValues(dropped)
  })

  test('shards have at most 4 MiB', async () => {
    const model = await read(await write(await modelOf('examples/lenet5.keras'), new Map(), 'tfjs-layers', SMALL))
    assert.equal(model.format, 'tfjs-layers')
    const wide = { class_name: 'Sequential', config: { name: 'wide', layers: [{ class_name: 'Dense', config: { name: 'a', units: 1300, use_bias: false, batch_input_shape: [null, 1000] } }] } }
    const bytes = new Uint8Array(1300 * 1000)
    const file = await fileOf([{ paths: ['w'], weights: [{ name: 'a/kernel', shape: [1000, 1300], dtype: 'float32', quantization: { dtype: 'uint8', scale: 1, min: 0 } }] }], { w: bytes }, { topology: wide })
    const after = await write(await read(file), new Map(), 'tfjs-layers', SMALL)
    const json = JSON.parse(new TextDecoder().decode(await entryOf(after, 'model.json'))) as { weightsManifest: Manifest[] }
    const sizes = await Promise.all(json.weightsManifest[0]!.paths.map(async (path) => (await entryOf(after, path)).length))
    assert.deepEqual(sizes, [4 * 2 ** 20, 1300 * 1000 * 4 - 4 * 2 ** 20])
  })

  test('what TF.js does not have is refused by the name of the layer', async () => {
    const model = await modelOf('test/fixtures/formats/convolutions.keras')
    const withLayer = (change: (config: Record<string, unknown>, layer: { class_name: string }) => void, name: string) => {
      const config = structuredClone(model.config) as { config: { layers: Array<{ class_name: string, config: Record<string, unknown> }> } }
      const layer = config.config.layers.find((one) => one.config.name === name)!
      change(layer.config, layer)
      return { ...model, config }
    }
    const cases = [
      [withLayer((config) => { config.groups = 3 }, 'conv'), /conv .*groups/],
      [withLayer((config) => { config.interpolation = 'bilinear' }, 'up'), /up .*interpolation/],
      [withLayer((config) => { config.activation = 'hard_sigmoid' }, 'out'), /out .*hard_sigmoid/],
      [withLayer((_, layer) => { layer.class_name = 'GroupNormalization' }, 'layer_norm'), /layer_norm .*no such layer/],
      [withLayer((config) => { config.kernel_regularizer = { class_name: 'OrthogonalRegularizer', config: {} } }, 'conv'), /conv .*OrthogonalRegularizer/],
    ] as const
    for (const [one, message] of cases) await assert.rejects(write(one, new Map(), 'tfjs-layers', SMALL), { code: 'unsupported-format', message })
  })
})

describe('files that are wrong', () => {
  const cases: Array<[string, () => Promise<Uint8Array>, RegExp]> = [
    ['a shard is missing', async () => await fileOf([everything], {}), /w\.bin.*not in the zip/],
    ['shards too short', async () => await fileOf([everything], { 'w.bin': all.slice(4) }), /needs .* bytes/],
    ['shards too long', async () => await fileOf([everything], { 'w.bin': Uint8Array.from([...all, 0]) }), /needs 44 bytes.*45/],
    ['a weight is missing', async () => await fileOf([{ paths: ['w'], weights: everything.weights.slice(0, 3) }], { w: all.slice(0, -4) }), /layer b: its bias is not in the manifest/],
    ['one too many', async () => await fileOf([{ paths: ['w'], weights: [...everything.weights, { name: 'c/kernel', shape: [1], dtype: 'float32' }] }], { w: Uint8Array.from([...all, 0, 0, 0, 0]) }), /c\/kernel.*no layer/],
    ['a weight twice', async () => await fileOf([{ paths: ['w'], weights: [plain('a/bias'), plain('a/bias')] }], { w: all.slice(0, 16) }), /a\/bias is there twice/],
    ['another shape', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), shape: [2, 3] }, ...everything.weights.slice(1)] }], { w: all }), /layer a: its kernel.*\[2, 3\].*\[3, 2\]/],
    ['a shape that is none', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), shape: [-1, 2] }] }], { w: all }), /no valid shape/],
    ['a huge shape', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), shape: [2 ** 30, 2 ** 30] }] }], { w: all }), /needs/],
    ['text weights', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), dtype: 'string' }] }], { w: new Uint8Array(24) }), /dtype "string"/],
    ['text weights that are too long', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), dtype: 'string' }] }], { w: all }), /6 texts .* past the end/],
    ['a shard twice', async () => await fileOf([{ paths: ['w', 'w'], weights: everything.weights }], { w: all.slice(22) }), /the file w is there twice/],
    ['an unknown quantization', async () => await fileOf([{ paths: ['w'], weights: [{ ...plain('a/kernel'), quantization: { dtype: 'uint4', scale: 1, min: 0 } }] }], { w: all }), /uint4/],
    ['no manifest', async () => await fileOf(null, { 'w.bin': all }), /weightsManifest/],
    ['no topology', async () => await fileOf([everything], { 'w.bin': all }, { topology: null }), /modelTopology/],
    ['a graph model', async () => await fileOf([everything], { 'w.bin': all }, { more: { format: 'graph-model' } }), /the graph has no list of nodes/],
    ['a path that leads out', async () => await fileOf([{ ...everything, paths: ['../w.bin'] }], { 'w.bin': all }), /\.\.\/w\.bin.*not in the zip/],
  ]
  for (const [name, file, message] of cases) {
    test(name, async () => {
      await assert.rejects(read(await file()), (error) => error instanceof EspalierError && error.code !== 'internal' && message.test(error.message) ? true : assert.fail(String(error)))
    })
  }

  test('a zip without a model says what is read', async () => {
    await assert.rejects(read(await zipOf([{ name: 'readme.txt', content: all }])), { code: 'unsupported-format', message: /\.keras.*HDF5.*model\.json/ })
  })

  test('100 manifests in which a value is swapped each give an EspalierError or a model', async () => {
    const text = JSON.stringify([everything, { paths: [], weights: [] }])
    const junk = ['null', '-1', '1e99', '"x"', '[]', '{}', 'true', '[[[1]]]', '4294967296', '0.5']
    const places = [...text.matchAll(/("[^"]*"|\d+|\[[^[\]{}]*\])(?=[,\]}])/g)]
    let seed = 0
    for (let index = 0; index < 100; index++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      const place = places[seed % places.length]!
      const changed = `${text.slice(0, place.index)}${junk[index % junk.length]}${text.slice(place.index + place[0].length)}`
      try {
        await summarizeModel(await read(await fileOf(JSON.parse(changed), { 'w.bin': all })))
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', `${changed}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
  })
})
