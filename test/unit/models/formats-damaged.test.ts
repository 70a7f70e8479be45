/** Files that lie: missing, extra and misshapen weights are named; no damage makes anything but a clear error. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { bytesOf, entryOf, groupIn, modelOf, withEntry, withTree, write, PLAIN } from './formats-helpers.ts'

const KERAS = 'test/fixtures/models/resnet8.keras'
const H5 = 'test/fixtures/models/mlp-keras2.h5'

const read = async (file: Uint8Array) => await readModel(bytesInMemory(file))

describe('misfits', () => {
  test('.keras: a missing weight, one too many, a group of no layer', async () => {
    await assert.rejects(read(await withTree(bytesOf(KERAS), (spec) => groupIn(spec, 'layers/dense/vars').children.delete('1'))), { code: 'invalid-model', message: /dense.*2 weights \(kernel, bias\).*1/ })
    await assert.rejects(read(await withTree(bytesOf(KERAS), (spec) => {
      const vars = groupIn(spec, 'layers/dense/vars')
      vars.children.set('2', vars.children.get('1')!)
    })), { code: 'invalid-model', message: /dense.*2 weights.*3/ })
    await assert.rejects(read(await withTree(bytesOf(KERAS), (spec) => {
      const layers = groupIn(spec, 'layers')
      layers.children.set('dense_9', layers.children.get('dense')!)
    })), { code: 'invalid-model', message: /dense_9/ })
  })

  test('.keras: a model of a class of its own says where its layers are', async () => {
    // As Keras 3 writes a subclassed model.
    const config = { module: null, class_name: 'Mine', config: { trainable: true }, registered_name: 'mine>Mine', build_config: { input_shape: [null, 4] } }
    const file = await withEntry(bytesOf(KERAS), 'config.json', Buffer.from(JSON.stringify(config)))
    await assert.rejects(read(file), { code: 'invalid-model', message: /belong to no layer of config\.json, which lists none: a model of a class of its own has its layers in code; build it as Sequential or functional model/ })
  })

  test('.keras: a weight of another shape is named with both shapes', async () => {
    const file = await withTree(bytesOf(KERAS), () => {}, ({ path }) => path === '/layers/dense/vars/1' ? { data: async () => new Uint8Array(12), compress: false, shape: [3] } : undefined)
    await assert.rejects(read(file), { code: 'shape-mismatch', message: /dense.*bias.*\[3\].*\[10\]/ })
  })

  test('.h5: a missing weight and one of another shape', async () => {
    await assert.rejects(read(await withTree(bytesOf(H5), (spec) => groupIn(spec, 'model_weights/dense_1/dense_1').children.delete('bias:0'))), { code: 'invalid-model', message: /bias:0/ })
    const file = await withTree(bytesOf(H5), () => {}, ({ path }) => path.endsWith('/dense_2/bias:0') ? { data: async () => new Uint8Array(12), compress: false, shape: [3] } : undefined)
    await assert.rejects(read(file), { code: 'shape-mismatch', message: /dense_2.*bias.*\[3\].*\[10\]/ })
  })

  test('parts that are missing or no JSON', async () => {
    const file = bytesOf(KERAS)
    await assert.rejects(read(await withEntry(file, 'config.json', new TextEncoder().encode('{"class_name": '))), { code: 'invalid-model', message: /config\.json/ })
    await assert.rejects(read(await withEntry(file, 'config.json', new TextEncoder().encode('[]'))), { code: 'invalid-model', message: /config\.json/ })
    await assert.rejects(read(await withEntry(file, 'model.weights.h5', new Uint8Array(100))), { code: 'invalid-model' })
    await assert.rejects(read(await withEntry(file, 'config.json', null)), EspalierError)
    await assert.rejects(read(await withEntry(file, 'model.weights.h5', null)), EspalierError)
    await assert.rejects(read(await withTree(bytesOf(H5), (spec) => spec.attributes.delete('model_config'))), EspalierError)
  })

  test('files of other kinds say what is read', async () => {
    for (const bytes of [[], [1, 2, 3], [0x50, 0x4b, 5, 6, ...new Array<number>(18).fill(0)], [...Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')]]) {
      await assert.rejects(read(Uint8Array.from(bytes)), (error) => error instanceof EspalierError && /^(unsupported-format|invalid-model)$/.test(error.code))
    }
  })
})

test('NaN and infinite weights are named with layer, role and place', async () => {
  for (const value of [NaN, Infinity]) {
    const model = await modelOf(KERAS)
    const weight = model.layers.find(({ path }) => path === 'dense_5')!.weights[0]!
    const values = (await weight.tensor.read()).slice()
    values[7] = value
    const broken = await read(await write(model, new Map([[weight.tensor.key, values]]), 'keras', PLAIN))
    await assert.rejects(summarizeModel(broken), { code: 'invalid-model', message: new RegExp(`layer dense_5: its kernel\\[7\\] is ${value};`) })
  }
})

/** Deterministic numbers in [0, 1): mulberry32. */
function randomOf (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Changed bytes mostly where the structure is: at both ends, and in the configuration. */
function damaged (file: Uint8Array, seed: number): Uint8Array {
  const random = randomOf(seed)
  const bytes = file.slice()
  if (seed % 5 === 0) return bytes.slice(0, Math.floor(random() * bytes.length))
  const changes = 1 + Math.floor(random() * 8)
  for (let i = 0; i < changes; i++) {
    const place = random()
    const range = Math.min(bytes.length, 20_000)
    const at = place < 0.4 ? Math.floor(random() * range) : place < 0.7 ? bytes.length - 1 - Math.floor(random() * range) : Math.floor(random() * bytes.length)
    bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256)
  }
  return bytes
}

describe('200 damaged files each give an EspalierError or a model, within 5 seconds', () => {
  for (const name of [KERAS, 'test/fixtures/models/resnet8.h5']) {
    test(name, async () => {
      const file = bytesOf(name)
      for (let seed = 0; seed < 100; seed++) {
        const begin = performance.now()
        try {
          await summarizeModel(await read(damaged(file, seed)))
        } catch (error) {
          assert.ok(error instanceof EspalierError && error.code !== 'internal', `seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`)
        }
        assert.ok(performance.now() - begin < 5000, `seed ${seed} took too long`)
      }
    })
  }

  test('and so does a configuration in which values are swapped', async () => {
    const file = bytesOf(KERAS)
    const text = new TextDecoder().decode(await entryOf(file, 'config.json'))
    const junk = ['null', '-1', '1e99', '"x"', '[]', '{}', 'true', '[[[1]]]', '4294967296']
    for (let seed = 0; seed < 100; seed++) {
      const random = randomOf(seed)
      const values = [...text.matchAll(/: ("[^"]*"|-?[\d.]+|true|false|null|\[[^[\]{}]*\])/g)]
      const chosen = values[Math.floor(random() * values.length)]!
      const config = `${text.slice(0, chosen.index)}: ${junk[Math.floor(random() * junk.length)]}${text.slice(chosen.index + chosen[0].length)}`
      try {
        await summarizeModel(await read(await withEntry(file, 'config.json', new TextEncoder().encode(config))))
      } catch (error) {
        assert.ok(error instanceof EspalierError && error.code !== 'internal', `${chosen[0]}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
  })
})
