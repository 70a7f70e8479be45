/** Conversions between formats keep the letters of every number that stays, as 1.0 and 1 are two for Keras. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { toKeras3Config } from '../../../src/models/formats/conversion/keras3.ts'
import { textOf } from '../../../src/models/formats/h5-attributes.ts'
import { readModel, type FormatName } from '../../../src/models/formats/index.ts'
import { respelled, spellingOf } from '../../../src/models/formats/json-spelling.ts'
import { remadeModel } from '../../../src/models/remade.ts'
import { bytesOf, entryOf, SMALL, treeOf, withEntry, write } from './formats-helpers.ts'

const FOLDER = 'test/fixtures/formats'

/** Settings of `numbers` that are numbers with a point, by the letters of each. */
const FLOATS = /("(?:scale|offset|alpha|negative_slope|momentum|epsilon|minval|maxval|l1|l2|max_value|learning_rate|clipnorm|beta_1|value)": )(-?\d[\d.e-]*)/g

async function converted (file: Uint8Array, ...formats: FormatName[]): Promise<Uint8Array> {
  let bytes = file
  for (const format of formats) bytes = await write(await readModel(bytesInMemory(bytes)), new Map(), format, SMALL)
  return bytes
}

/** The texts of a file: of the configuration, and of how it was compiled. */
async function textsOf (file: Uint8Array): Promise<{ config: string, compiled?: string }> {
  if (file[0] === 0x50) return { config: new TextDecoder().decode(await entryOf(file, 'config.json')) }
  const root = await treeOf(file)
  return { config: textOf(root, 'model_config')!, compiled: textOf(root, 'training_config')! }
}

type Lettered = { [name: string]: Lettered | string } | Array<Lettered | string>

/** Of JSON where every number is a text of its letters: the letters of each by its path, layers by their names. */
function lettersOf (text: string): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (value: Lettered | string, path: string): void => {
    if (typeof value === 'string') {
      if (value.startsWith('number ')) found.set(path, value.slice('number '.length))
    } else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) walk(item, `${path}/${typeof item === 'object' && item !== null && 'config' in item && typeof (item.config as { name?: unknown }).name === 'string' ? (item.config as { name: string }).name : key}`)
    }
  }
  walk(JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (one) => one.startsWith('"') ? one : `"number ${one}"`)) as Lettered, '')
  return found
}

/** Every number of `before` that is in `after` as well has its letters. Gives how many. */
function assertSame (before: string, after: string): number {
  const [old, now] = [lettersOf(before), lettersOf(after)]
  let count = 0
  for (const [path, letters] of now) {
    // An InputLayer may have come before the others, and nested models count their calls in another way.
    if (!old.has(path) || /shape|inbound_nodes|output_layers|input_layers|shared_object_id/.test(path)) continue
    assert.equal(letters, old.get(path), path)
    count++
  }
  return count
}

const compiledIn = (config: string): string => JSON.stringify((JSON.parse(config.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (one) => one.startsWith('"') ? one : `"number ${one}"`)) as { compile_config: object }).compile_config)
  .replace(/"number ([^"]*)"/g, '$1').replace('"optimizer":', '"optimizer_config":')

describe('conversions keep the letters of numbers', () => {
  for (const [file, other, least] of [
    ['numbers.keras', 'keras-h5', 30], ['numbers.h5', 'keras', 30], ['nested.keras', 'keras-h5', 30], ['nested.h5', 'keras', 30], ['convolutions.h5', 'keras', 50], ['sequences.keras', 'keras-h5', 40],
  ] as const) {
    test(`${file} as ${other} and back`, async () => {
      const original = bytesOf(`${FOLDER}/${file}`)
      const { config } = await textsOf(original)
      const there = await converted(original, other)
      assert.ok(assertSame(config, (await textsOf(there)).config) >= least)
      const back = await textsOf(await converted(there, other === 'keras' ? 'keras-h5' : 'keras'))
      assert.ok(assertSame(config, back.config) >= least)
    })
  }

  test('how a model was compiled', async () => {
    const original = bytesOf(`${FOLDER}/numbers.keras`)
    const there = await textsOf(await converted(original, 'keras-h5'))
    assert.match(there.compiled!, /"learning_rate": 1\.0, .*"epsilon": 1\.0/)
    assert.match(there.compiled!, /"loss_weights": \[2\.0\]/)
    assert.ok(assertSame(compiledIn((await textsOf(original)).config), there.compiled!) >= 8)
    const back = await textsOf(await converted(bytesOf(`${FOLDER}/numbers.h5`), 'keras', 'keras-h5'))
    assert.ok(assertSame((await textsOf(bytesOf(`${FOLDER}/numbers.h5`))).compiled!, back.compiled!) >= 8)
  })

  test('by way of TF.js the layers keep theirs', async () => {
    const original = bytesOf('test/fixtures/models/resnet8.keras')
    const zip = await converted(original, 'tfjs-layers')
    assert.match(new TextDecoder().decode(await entryOf(zip, 'model.json')), /"momentum":0\.99/)
    assert.ok(assertSame((await textsOf(original)).config, (await textsOf(await converted(zip, 'keras'))).config) >= 60)
  })

  test('of a model whose form changed, where the others are as they were', async () => {
    const model = await readModel(bytesInMemory(bytesOf(`${FOLDER}/numbers.keras`)))
    const { config: before } = await textsOf(bytesOf(`${FOLDER}/numbers.keras`))
    const renamed = JSON.parse(before.replace('"alpha": 2.0', '"alpha": 3')) as Record<string, unknown>
    const { config, compiled } = await textsOf(await write(remadeModel(model, renamed, new Map()), new Map(), 'keras-h5', SMALL))
    assert.match(config, /"alpha": 3,/)
    assert.match(config, /"scale": 2\.0, "offset": -1\.0/)
    assert.match(compiled!, /"learning_rate": 1\.0/)
  })

  test('LeakyReLU of Keras 2 and a Sequential that is a bare list: under the new names', async () => {
    const layer = (name: string, slope: string): string => `{"class_name": "LeakyReLU", "config": {"name": "${name}", "alpha": ${slope}}}`
    const config = `{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {"name": "d", "units": 4, "batch_input_shape": [null, 4], "use_bias": false}}, ${layer('a', '1.0')}, ${layer('b', '0.30000001192092896')}]}`
    const text = respelled(spellingOf(config), toKeras3Config(JSON.parse(config) as Record<string, unknown>))
    assert.match(text, /"name": "a", "negative_slope": 1\.0\}.*"name": "b", "negative_slope": 0\.30000001192092896\}/)
    assert.match(text, /"units": 4,/)
  })

  test('any numbers, there and back', async () => {
    const original = bytesOf(`${FOLDER}/numbers.keras`)
    const { config } = await textsOf(original)
    assert.ok(config.match(FLOATS)!.length >= 12)
    const letters = fc.oneof(fc.constantFrom('0.0', '1.0', '1', '0', '1e-05', '1E-5', '0.10', '1.00', '5e-324', '0.30000000000000004'), fc.double({ min: 0, max: 1, noNaN: true }).map(String))
    await fc.assert(fc.asyncProperty(fc.array(letters, { minLength: 30, maxLength: 30 }), async (drawn) => {
      let at = 0
      const text = config.replace(FLOATS, (_, name: string) => name + drawn[at++ % drawn.length]!)
      const file = await withEntry(original, 'config.json', new TextEncoder().encode(text))
      const there = await converted(file, 'keras-h5')
      const back = await textsOf(await converted(there, 'keras'))
      assert.ok(assertSame(text, (await textsOf(there)).config) >= 30)
      assert.ok(assertSame(text, back.config) >= 30)
      assert.ok(assertSame(compiledIn(text), compiledIn(back.config)) >= 8)
    }), { numRuns: 25 })
  })
})
