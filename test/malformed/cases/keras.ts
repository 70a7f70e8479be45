/** Keras files that lie: parts that are missing or of another kind, configurations of hostile values, weights that do not fit or are no numbers. */
import { readFileSync } from 'node:fs'
import { utf8 } from '../../fuzz/containers/container.ts'
import { fileIn, filesOf, withFile, zipOf } from '../../fuzz/containers/zip.ts'
import { setText } from '../../../src/models/formats/h5-attributes.ts'
import { pathOf } from '../../support/fixtures.ts'
import { withTree } from '../../unit/models/formats-helpers.ts'
import { cuts, placeOf, refused, strangers, written, type Case } from '../case.ts'
import { fileOf } from './hdf5-files.ts'
import { jsonCases } from './json.ts'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/formats/${name}`)))

/** A kernel whose value at `index` is `value`. */
const poisoned = async (file: Uint8Array, value: number): Promise<Uint8Array> => {
  let done = false
  return await withTree(file, () => {}, (dataset) => {
    if (done || dataset.shape.length !== 2 || dataset.datatype.kind !== 'float' || dataset.datatype.size !== 4) return undefined
    done = true
    return {
      compress: false, data: async () => {
        const bytes = (await dataset.read()).slice()
        new DataView(bytes.buffer).setFloat32(4, value, true)
        return bytes
      }
    }
  })
}

type Json = Record<string, unknown>
type Edit = (config: Json, layers: Json[]) => void

const edited = (text: Uint8Array, edit: Edit): Uint8Array => {
  const config = JSON.parse(new TextDecoder().decode(text)) as Json
  edit(config, (config.config as Json).layers as Json[])
  return utf8(JSON.stringify(config))
}

/** Keras 3 writes the name twice. */
const rename = (layer: Json, name: unknown): void => { Object.assign(layer, { name, config: { ...layer.config as Json, name } }) }

/** Hostile values in a configuration. */
const EDITS: ReadonlyArray<readonly [string, Edit]> = [
  ['no layers', (config) => { (config.config as Json).layers = [] }],
  ['layers that are a text', (config) => { (config.config as Json).layers = 'dense' }],
  ['layers that are null', (config) => { (config.config as Json).layers = [null, null] }],
  ['a layer twice', (_, layers) => { layers.push(layers.at(-1)!) }],
  ['30,000 layers', (_, layers) => { for (let index = 0; index < 30_000; index++) layers.push({ class_name: 'Dense', config: { name: `d${index}`, units: 1 } }) }],
  ['a layer that is its own model, 40 deep', (config, layers) => {
    let inner = structuredClone(config)
    for (let depth = 0; depth < 40; depth++) inner = { ...config, config: { ...config.config as Json, name: `m${depth}`, layers: [layers[0], inner] } }
    config.config = inner.config
  }],
  ['a name of 100,000 letters', (_, layers) => { rename(layers.at(-1)!, 'x'.repeat(100_000)) }],
  ['a name that leads out', (_, layers) => { rename(layers.at(-1)!, '../../x') }],
  ['a name that is a number', (_, layers) => { rename(layers.at(-1)!, 7) }],
]

/** Numbers that a layer has: any of these takes their place. */
const VALUES: ReadonlyArray<readonly [string, unknown]> = [['-1', -1], ['2^53', 2 ** 53], ['1e308', 1e308], ['a fraction', 0.5], ['null', null], ['a text', 'x'], ['a list', [1, 2, 3, 4, 5]], ['an object', {}], ['true', true]]

const hostile = (put: (edit: Edit) => Uint8Array | Promise<Uint8Array>): Case[] => [
  ...EDITS.map(([name, edit]) => refused(`a configuration with ${name}`, () => put(edit), 'invalid-model', 'limit-exceeded', 'unsupported-format')),
  // Every number of every layer at once: a layer that cannot be understood may be kept as it is, and then the file is read.
  ...VALUES.map(([name, value]) => refused(`a configuration whose numbers are ${name}`, () => put((_, layers) => {
    for (const { config } of layers) for (const key of Object.keys(config as Json)) if (typeof (config as Json)[key] === 'number') (config as Json)[key] = value
  }), 'invalid-model', 'limit-exceeded', 'unsupported-format', 'shape-mismatch', 'read')),
]

export function kerasCases (): Case[] {
  const good = fixture('convolutions.keras')
  const [config, weights] = [fileIn(good, 'config.json'), fileIn(good, 'model.weights.h5')]
  const put = (name: string, content: Uint8Array | null): Uint8Array => withFile(good, name, content)
  const second = placeOf(good, 'PK\x03\x04', 4)
  return [
    refused('the sound file', good, 'read'),
    ...strangers('unsupported-format', 'invalid-model'),
    ...cuts(good, { 'within the first entry': 60, 'before the second entry': second, 'before the directory': placeOf(good, 'PK\x01\x02'), 'before the end record': placeOf(good, 'PK\x05\x06') }, 'invalid-model'),
    ...jsonCases('config.json', config, (text) => put('config.json', text), 'invalid-model', 'unsupported-format'),
    ...hostile((edit) => put('config.json', edited(config, edit))),
    refused('no config.json', put('config.json', null), 'unsupported-format'),
    refused('no weights', put('model.weights.h5', null), 'unsupported-format'),
    refused('a folder of the weights\' name', zipOf([...filesOf(good).filter(({ name }) => name !== 'model.weights.h5'), { name: 'model.weights.h5/', content: new Uint8Array() }]), 'unsupported-format', 'invalid-model'),
    refused('metadata that are no JSON', put('metadata.json', utf8('{')), 'invalid-model'),
    refused('weights that are no HDF5', put('model.weights.h5', new Uint8Array(2000)), 'invalid-model'),
    refused('weights that are the configuration', put('model.weights.h5', config), 'invalid-model'),
    refused('weights that are another .keras', put('model.weights.h5', good), 'invalid-model'),
    refused('weights cut off', put('model.weights.h5', weights.slice(0, weights.length >> 1)), 'invalid-model'),
    refused('weights of another model', put('model.weights.h5', fileIn(fixture('quantized.keras'), 'model.weights.h5')), 'invalid-model', 'shape-mismatch', 'unsupported-format'),
    refused('weights of one dataset', put('model.weights.h5', fileOf({})), 'invalid-model'),
    refused('a weight that is NaN', async () => await poisoned(good, NaN), 'invalid-model'),
    refused('a weight that is infinite', async () => await poisoned(good, -Infinity), 'invalid-model'),
    refused('a name that leads out', zipOf([...filesOf(good), { name: '../x', content: config }]), 'invalid-model'),
    refused('a configuration twice', zipOf([...filesOf(good), { name: 'config.json', content: config }]), 'invalid-model'),
    refused('an .h5 file in place of the archive', fixture('unknown.h5'), 'read'),
  ]
}

export function kerasH5Cases (): Case[] {
  const good = fixture('convolutions.h5')
  const text = new Uint8Array(fileIn(fixture('convolutions.keras'), 'config.json'))
  const withConfig = async (config: Uint8Array): Promise<Uint8Array> => await withTree(good, (spec) => { setText(spec.attributes, 'model_config', Buffer.from(config).toString('latin1')) })
  const without = (key: string) => async () => await withTree(good, (spec) => { spec.attributes.delete(key); spec.children.delete(key) })
  const tree = placeOf(good, 'TREE')
  return [
    refused('the sound file', good, 'read'),
    ...cuts(good, { 'within the superblock': 50, 'before the B-tree': tree, 'in the middle': good.length >> 1, 'one byte before its end': good.length - 1 }, 'invalid-model'),
    ...jsonCases('model_config', text, withConfig, 'invalid-model', 'unsupported-format').filter(({ name }) => !/UTF-|something behind/.test(name)),
    ...hostile(async (edit) => await withConfig(edited(text, edit))),
    refused('no configuration', without('model_config'), 'invalid-model'),
    refused('no weights', without('model_weights'), 'invalid-model'),
    refused('weights that are a dataset', async () => await withTree(good, (spec) => {
      const group = spec.children.get('model_weights')!
      const found = (node: typeof group): typeof group | undefined => node.kind === 'dataset' ? node : [...node.children.values()].map(found).find((one) => one !== undefined)
      spec.children.set('model_weights', found(group)!)
    }), 'invalid-model'),
    refused('a layer without its list of names', async () => await withTree(good, (spec) => {
      const group = spec.children.get('model_weights')
      if (group?.kind === 'group') for (const child of group.children.values()) child.attributes.delete('weight_names')
    }), 'invalid-model'),
    refused('a layer that is not in the list of layers', async () => await withTree(good, (spec) => { spec.children.get('model_weights')!.attributes.delete('layer_names') }), 'invalid-model'),
    refused('a weight that is NaN', async () => await poisoned(good, NaN), 'invalid-model'),
    refused('a weight that is infinite', async () => await poisoned(good, Infinity), 'invalid-model'),
    refused('a B-tree that is its own child', written(written(good, tree + 5, [1]), tree + 32, Uint8Array.from([tree & 255, tree >> 8, 0, 0, 0, 0, 0, 0])), 'invalid-model'),
    refused('only a dataset', fileOf({}), 'invalid-model'),
  ]
}
