/** Editing of configurations: every layer under the path it has in the architecture, copies under that of the first, the rest the same objects. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { editLayers } from '../../../src/models/architecture/edit-layers.ts'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import type { Json } from '../../../src/models/json.ts'
import { MODEL_FILES } from '../../support/fixtures.ts'
import { modelOf } from './formats-helpers.ts'

const FILES = [...MODEL_FILES.map(([file]) => file as string), ...['nested.keras', 'nested.h5', 'unknown.keras', 'sequences.keras', 'sequences.h5'].map((name) => `test/fixtures/formats/${name}`)]

/** The paths with which `edit` is called. */
function visited (config: Json): Array<[string, string]> {
  const paths: Array<[string, string]> = []
  editLayers(config, (path, entry) => {
    paths.push([path, String(entry.class_name)])
    return entry
  })
  return paths
}

const dense = (name: string, units: number, more: Json = {}): Json => ({ class_name: 'Dense', config: { name, units }, ...more })
const input = (name: string): Json => ({ class_name: 'InputLayer', name, config: { name, batch_shape: [null, 4] }, inbound_nodes: [] })
const sequential = (name: string, layers: readonly Json[], more: Json = {}): Json => ({ class_name: 'Sequential', config: { name, layers }, ...more })

describe('editLayers', () => {
  for (const file of FILES) {
    test(`${file}: the layers of the architecture in their order`, async () => {
      const { architecture, config } = await modelOf(file)
      const inFile = architecture.layers.filter(({ indexInContainer }) => indexInContainer >= 0)
      assert.deepEqual(visited(config), inFile.map(({ path, className }) => [path, className]))
    })
  }

  test('a configuration of which nothing is edited is the same object, and so are the layers beside an edited one', async () => {
    const { config } = await modelOf('test/fixtures/formats/nested.keras')
    assert.equal(editLayers(config, (_, entry) => entry), config)
    const layersOf = (model: Json) => (model.config as Json).layers as Json[]
    const after = editLayers(config, (path, entry) => path === 'encoder/conv' ? { ...entry, name: 'other' } : entry)
    const [before, now] = [layersOf(config), layersOf(after)]
    assert.deepEqual(now.map((layer, index) => layer === before[index]), before.map(({ name }) => name !== 'encoder'))
    const [encoderBefore, encoderNow] = [layersOf(before[2]!), layersOf(now[2]!)]
    assert.deepEqual(encoderNow.map((layer, index) => layer === encoderBefore[index]), encoderBefore.map(({ name }) => name !== 'conv'))
    assert.equal(encoderNow[1]!.name, 'other')
    assert.equal(encoderBefore[1]!.name, 'conv', 'the configuration that was given stays as it is')
  })

  test('bare lists of layers, as Keras wrote them before 2.2, stay lists', () => {
    const config = { class_name: 'Sequential', config: [dense('a', 3, { config: { name: 'a', units: 3, batch_input_shape: [null, 4] } }), dense('b', 2)] }
    const after = editLayers(config, (path, entry) => path === 'b' ? dense('b', 1) : entry)
    assert.deepEqual(after, { class_name: 'Sequential', config: [config.config[0], dense('b', 1)] })
    assert.deepEqual(readArchitecture(after).graph!.outputShapes, [[null, 1]])
  })

  test('every copy of a shared layer, and of a shared model, is edited under the path of the first', () => {
    const shared = dense('own', 4, { shared_object_id: 7 })
    const tower = (name: string) => sequential(name, [input('in'), shared, dense(`last_${name}`, 4)])
    const twice = sequential('twice', [input('in'), dense('inner', 4)], { shared_object_id: 8 })
    const config = sequential('whole', [input('x'), tower('left'), tower('right'), sequential('first', [twice]), sequential('second', [twice])])
    const paths = visited(config).map(([path]) => path)
    assert.deepEqual(paths, ['x', 'left/in', 'left/own', 'left/last_left', 'right/in', 'left/own', 'right/last_right', 'first/twice/in', 'first/twice/inner', 'first/twice/in', 'first/twice/inner'])
    const known = new Set(readArchitecture(config).layers.map(({ path }) => path))
    assert.ok(paths.every((path) => known.has(path)))
    assert.equal(known.size, new Set(paths).size)
    const after = editLayers(config, (path, entry) => path === 'left/own' || path === 'first/twice/inner' ? { ...entry, config: { ...entry.config as Json, use_bias: false } } : entry)
    assert.equal(JSON.stringify(after).split('"use_bias":false').length - 1, 4)
  })

  test('models are given after their layers, the whole one last', async () => {
    const { config } = await modelOf('test/fixtures/formats/nested.keras')
    const order: string[] = []
    const note = (path: string, entry: Json) => {
      order.push(path)
      return entry
    }
    editLayers(config, note, (path, entry) => note(`(${path})`, entry))
    assert.deepEqual(order.filter((path) => /^\(|^head|^pool/.test(path)), ['(encoder)', 'pool', 'head/input_layer', 'head/dense', 'head/drop', 'head/dense_1', '(head)', '()'])
  })

  test('what is no list of layers is refused', () => {
    assert.throws(() => editLayers({ class_name: 'Sequential', config: { name: 'm', layers: [3] } }, (_, entry) => entry), { code: 'invalid-model', message: /layer 1 of "m" must be an object/ })
  })
})
