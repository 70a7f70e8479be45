/** SavedModels written again: unchanged byte for byte, changed tensors in their places with right checksums. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readBundle, type BundleEntry } from '../../../src/models/formats/savedmodel/bundle.ts'
import type { FormatName } from '../../../src/models/formats/index.ts'
import { openZip } from '../../../src/models/zip.ts'
import { bytesOf, modelOf, pruned, write, PLAIN, SMALL } from './formats-helpers.ts'
import { FOLDER, maskedCrc, read, sha256, tableOf, HEADER, tensorEntry, savedModel } from './savedmodel-helpers.ts'

const NAMES = ['exported', 'compiled', 'sharded', 'keras2', 'mixed', 'first']

async function filesIn (zip: Uint8Array): Promise<Map<string, { method: string, bytes: Uint8Array }>> {
  const files = new Map<string, { method: string, bytes: Uint8Array }>()
  for (const entry of await openZip(bytesInMemory(zip))) {
    const source = await entry.source()
    files.set(entry.name, { method: entry.method, bytes: (await source.read(0, source.size)).slice() })
  }
  return files
}

/** The entries of the index by raw key, and the stored bytes of each. */
async function storedIn (zip: Uint8Array): Promise<Map<string, { entry: BundleEntry, bytes: Uint8Array }>> {
  const files = [...await filesIn(zip)]
  const index = files.find(([name]) => name.endsWith('variables.index'))![1].bytes
  const shards = files.filter(([name]) => name.includes('variables.data-')).map(([, { bytes }]) => bytes)
  return new Map(readBundle(index).entries.map((entry) => [entry.key, { entry, bytes: shards[entry.shard]!.subarray(entry.offset, entry.offset + entry.size) }]))
}

describe('without changes every entry is the same, in the same order', () => {
  for (const name of NAMES) {
    test(name, async () => {
      const file = bytesOf(`${FOLDER}/${name}.zip`)
      for (const options of [PLAIN, SMALL]) assert.deepEqual([...await filesIn(await write(await read(file), new Map(), 'savedmodel', options))], [...await filesIn(file)])
    })
  }
})

describe('pruned', () => {
  for (const name of NAMES) {
    test(`${name}: only the changed tensors and their checksums differ`, async () => {
      const file = bytesOf(`${FOLDER}/${name}.zip`)
      const model = await read(file)
      const changes = await pruned(model, 0.6)
      const after = await write(model, changes, 'savedmodel', SMALL)
      const [filesBefore, filesAfter] = [await filesIn(file), await filesIn(after)]
      assert.deepEqual([...filesAfter.keys()], [...filesBefore.keys()])
      for (const [path, { bytes }] of filesBefore) {
        if (!path.includes('variables/')) assert.deepEqual(filesAfter.get(path)!.bytes, bytes, path)
        else assert.equal(filesAfter.get(path)!.bytes.length, bytes.length, path)
      }
      const before = await storedIn(file)
      let changed = 0
      for (const [key, { entry, bytes }] of await storedIn(after)) {
        const old = before.get(key)!
        assert.deepEqual({ ...entry, crc: 0 }, { ...old.entry, crc: 0 })
        // Text has a checksum of its own kind.
        if (entry.slices.length === 0 && entry.dtype !== 7) assert.equal(entry.crc, maskedCrc(bytes), key)
        if (sha256(bytes) !== sha256(old.bytes)) changed++
        else assert.equal(entry.crc, old.entry.crc)
      }
      const again = await read(after)
      for (const { weights } of again.layers) {
        for (const { tensor } of weights) {
          const original = model.layers.flatMap((layer) => layer.weights).find((weight) => weight.tensor.key === tensor.key)!
          assert.deepEqual(await tensor.read(), changes.get(tensor.key) ?? await original.tensor.read(), tensor.key)
        }
      }
      // exported holds each kernel twice; sharded and first hold kernels in parts, of which those may lose nothing that are large.
      assert.ok(changed >= changes.size - 2, `${changed} stored tensors changed for ${changes.size} weights`)
      if (name === 'exported') assert.equal(changed, 2 * changes.size)
    })
  }

  test('values of 16 and 64 bits that stay keep their bits', async () => {
    const file = bytesOf(`${FOLDER}/mixed.zip`)
    const model = await read(file)
    const before = await storedIn(file)
    const after = await storedIn(await write(model, await pruned(model, 0.5), 'savedmodel', PLAIN))
    for (const [key, width] of [['half/w', 2], ['brain/w', 2], ['wide/w', 8]] as const) {
      const [old, now] = [before, after].map((stored) => stored.get(`${key}/.ATTRIBUTES/VARIABLE_VALUE`)!.bytes) as [Uint8Array, Uint8Array]
      let [kept, zeros] = [0, 0]
      for (let at = 0; at < old.length; at += width) {
        const [was, is] = [old.subarray(at, at + width), now.subarray(at, at + width)]
        if (is.every((byte) => byte === 0)) zeros++
        else {
          assert.deepEqual(is, was)
          kept++
        }
      }
      assert.ok(kept > 0 && zeros > 0, key)
    }
  })

  test('compressed, shards that changed are deflated in the zip; else they stay as they were', async () => {
    const methods = async (zip: Uint8Array) => [...await filesIn(zip)].filter(([name]) => name.includes('.data-')).map(([, { method }]) => method)
    for (const [name, plain] of [['exported', 'stored'], ['compiled', 'deflated']] as const) {
      const model = await modelOf(`${FOLDER}/${name}.zip`)
      const changes = await pruned(model, 0.9)
      assert.deepEqual(await methods(await write(model, changes, 'savedmodel', PLAIN)), [plain])
      assert.deepEqual(await methods(await write(model, changes, 'savedmodel', SMALL)), ['deflated'])
    }
  })
})

test('a wrong checksum of a tensor is found when its values are read', async () => {
  const values = Float32Array.of(1, 2, 3, 4)
  const model = await read(await savedModel(tableOf([HEADER, tensorEntry('a/kernel', values, [2, 2], [[6, 'fixed32', 7]])]), new Uint8Array(values.buffer)))
  await assert.rejects(model.layers[0]!.weights[0]!.tensor.read(), { code: 'invalid-model', message: /"a\/kernel" have a wrong checksum/ })
})

test('a change of another size, of no tensor, or of one without a checksum is refused', async () => {
  const model = await modelOf(`${FOLDER}/first.zip`)
  await assert.rejects(write(model, new Map([['conv1/weights', new Float32Array(5)]]), 'savedmodel', PLAIN), { code: 'shape-mismatch', message: /5 new values for conv1\/weights.*48/ })
  await assert.rejects(write(model, new Map([['conv1/wights', new Float32Array(5)]]), 'savedmodel', PLAIN), { code: 'internal' })
  const values = Float32Array.of(1, 2, 3, 4)
  const { value } = tensorEntry('a/kernel', values, [2, 2])
  const bare = await read(await savedModel(tableOf([HEADER, { key: 'a/kernel', value: value.slice(0, -5) }]), new Uint8Array(values.buffer)))
  await assert.rejects(write(bare, new Map([['a/kernel', values]]), 'savedmodel', PLAIN), { code: 'unsupported-format', message: /"a\/kernel" has no checksum/ })
})

test('conversion from and to other formats is refused', async () => {
  const saved = await modelOf(`${FOLDER}/exported.zip`)
  for (const format of ['keras', 'keras-h5', 'tfjs-layers'] as const satisfies readonly FormatName[]) {
    await assert.rejects(write(saved, new Map(), format, SMALL), { code: 'unsupported-format', message: new RegExp(`TensorFlow graph instead of layers.*${format}.*savedmodel`) })
  }
  const keras = await modelOf('test/fixtures/models/mlp.keras')
  await assert.rejects(write(keras, new Map(), 'savedmodel', SMALL), { code: 'unsupported-format', message: /converted from keras to savedmodel/ })
})
