/** Sharded safetensors models in a zip: read through their index, pruned shard by shard, and refused where index and files disagree. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { openZip, writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { entryOf, pruned, SMALL, weightsOf, withEntry, write } from './formats-helpers.ts'
import { EXPECTED, fileOf, fixture, partsOf, rawOf, read } from './safetensors-helpers.ts'

const INDEX = 'little/model.safetensors.index.json'
const FIRST = 'little/model-00001-of-00002.safetensors'
const SECOND = 'little/model-00002-of-00002.safetensors'

const text = (value: string) => new TextEncoder().encode(value)
const names = async (file: Uint8Array) => (await openZip(bytesInMemory(file))).map(({ name }) => name)

async function zipOf (inputs: readonly ZipInput[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

async function withMap (edit: (map: Record<string, unknown>) => void): Promise<Uint8Array> {
  const file = fixture('shards.zip')
  const index = JSON.parse(new TextDecoder().decode(await entryOf(file, INDEX))) as { weight_map: Record<string, unknown> }
  edit(index.weight_map)
  return await withEntry(file, INDEX, text(JSON.stringify(index)))
}

describe('sharded safetensors', () => {
  for (const name of ['shards.zip', 'shards-deflated.zip']) {
    test(`${name}: values are as numpy says, layers go across shards`, async () => {
      const model = await read(fixture(name))
      assert.equal(model.format, 'safetensors-shards')
      assert.deepEqual(model.producer, { framework: 'pt' })
      const tensors = model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => tensor))
      assert.deepEqual(tensors.map(({ key }) => key).sort(), Object.keys(EXPECTED.shards).sort())
      for (const tensor of tensors) assert.deepEqual([...await tensor.read()], EXPECTED.shards[tensor.key]!.values, tensor.key)
    })
  }

  test('pruned: other entries and other tensors stay to the byte, the zeros are where they belong', async () => {
    const file = fixture('shards.zip')
    const model = await read(file)
    const changes = await pruned(model, 0.6)
    const after = await write(model, changes, 'safetensors-shards', SMALL)
    assert.deepEqual(await names(after), await names(file))
    for (const name of ['little/config.json', INDEX]) assert.deepEqual(await entryOf(after, name), await entryOf(file, name))
    for (const name of [FIRST, SECOND]) {
      const [shard, before] = [await entryOf(after, name), await entryOf(file, name)]
      assert.deepEqual(partsOf(shard).header, partsOf(before).header)
      for (const key of Object.keys(partsOf(before).header)) if (key !== '__metadata__' && !changes.has(key)) assert.deepEqual(rawOf(shard, key), rawOf(before, key), key)
    }
    assert.deepEqual(await weightsOf(await read(after)), await weightsOf(model, changes))
  })

  test('without changes every entry keeps its bytes', async () => {
    const file = fixture('shards-deflated.zip')
    const after = await write(await read(file), new Map(), 'safetensors-shards', SMALL)
    for (const name of await names(file)) assert.deepEqual(await entryOf(after, name), await entryOf(file, name))
  })

  test('a zip of one file needs no index, several do', async () => {
    const [first, second] = [await entryOf(fixture('shards.zip'), FIRST), await entryOf(fixture('shards.zip'), SECOND)]
    const model = await read(await zipOf([{ name: 'a.safetensors', content: first }, { name: '__MACOSX/a.safetensors', content: text('x') }]))
    assert.equal(model.format, 'safetensors-shards')
    await assert.rejects(read(await zipOf([{ name: 'a.safetensors', content: first }, { name: 'b.safetensors', content: second }])), { code: 'invalid-model', message: /a\.safetensors, b\.safetensors.*no index/ })
  })

  test('files that the index does not name are left alone', async () => {
    const file = fixture('shards.zip')
    const inputs: ZipInput[] = [{ name: 'little/adapter.safetensors', content: text('not looked at') }]
    for (const name of await names(file)) inputs.push({ name, content: await entryOf(file, name) })
    const zip = await zipOf(inputs)
    const after = await write(await read(zip), new Map([['model.embed.weight', new Float32Array(16 * 12)]]), 'safetensors-shards', SMALL)
    assert.deepEqual(await entryOf(after, 'little/adapter.safetensors'), text('not looked at'))
  })

  const wrong: Array<[string, () => Promise<Uint8Array>, string, RegExp]> = [
    ['a shard is missing', async () => await withEntry(fixture('shards.zip'), FIRST, null), 'invalid-model', /names the file "model-00001-of-00002\.safetensors", which is not in the zip/],
    ['a tensor is missing', async () => await withMap((map) => { map['model.ghost.weight'] = FIRST.slice(7) }), 'invalid-model', /model-00001.*by the index it has model\.ghost\.weight/],
    ['a tensor the index leaves out', async () => await withMap((map) => { delete map['model.embed.weight'] }), 'invalid-model', /model-00001.*it has model\.embed\.weight/],
    ['a tensor of another file', async () => await withMap((map) => { map['model.embed.weight'] = SECOND.slice(7) }), 'invalid-model', /model-0000[12].*model\.embed\.weight/],
    ['a file that is a number', async () => await withMap((map) => { map['model.embed.weight'] = 1 }), 'invalid-model', /names no file for "model\.embed\.weight"/],
    ['a path that leads out', async () => await withMap((map) => { map['model.embed.weight'] = '../config.json' }), 'invalid-model', /"\.\.\/config\.json", which is not in the zip/],
    ['a file of another kind', async () => await withMap((map) => { map.x = 'config.json' }), 'invalid-model', /config\.json/],
    ['an index without a map', async () => await withEntry(fixture('shards.zip'), INDEX, text('{"metadata": {}}')), 'invalid-model', /no object "weight_map"/],
    ['an index that is no JSON', async () => await withEntry(fixture('shards.zip'), INDEX, text('{"weight_map": ')), 'invalid-model', /not valid JSON/],
    ['an index with a name twice', async () => await withEntry(fixture('shards.zip'), INDEX, text('{"weight_map": {"a": "b", "\\u0061": "c"}}')), 'invalid-model', /has "a" twice/],
    ['an index too long', async () => await withEntry(fixture('shards.zip'), INDEX, text(' '.repeat(17 * 2 ** 20))), 'limit-exceeded', /bytes of JSON/],
    ['a shard that is cut off', async () => await withEntry(fixture('shards.zip'), SECOND, (await entryOf(fixture('shards.zip'), SECOND)).slice(0, -1)), 'invalid-model', /model-00002.*tensors need \d+ bytes of data, the file has \d+/],
    ['a layer in two spellings', async () => await zipOf([{ name: 'a.safetensors', content: fileOf({ 'a/b.w': { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, 'a.b.w': { dtype: 'U8', shape: [1], data_offsets: [1, 2] } }, new Uint8Array(2)) }]), 'unsupported-format', /a\/b\.w and a\.b\.w would both be a\/b\/w/],
    ['two indexes', async () => await zipOf([{ name: 'a/x.safetensors.index.json', content: text('{}') }, { name: 'b/y.safetensors.index.json', content: text('{}') }, { name: 'a/x.safetensors', content: text('x') }]), 'invalid-model', /several models/],
  ]
  for (const [name, file, code, message] of wrong) {
    test(name, async () => {
      await assert.rejects(read(await file()), { name: 'EspalierError', code, message })
    })
  }

  test('compressed shards that are too large for memory are refused before they are inflated', async () => {
    const shard = new Uint8Array(65 * 2 ** 20)
    const zip = await zipOf([{ name: 'a.safetensors', content: shard, deflate: true }])
    await assert.rejects(read(zip), { code: 'limit-exceeded', message: /68157440 bytes of compressed safetensors files.*zip -0/ })
  })

  test('one file is written of several: the same tensors', async () => {
    const model = await read(fixture('shards.zip'))
    const changes = await pruned(model, 0.5)
    const file = await write(model, changes, 'safetensors', SMALL)
    const { header } = partsOf(file)
    assert.deepEqual(header.__metadata__, { format: 'pt' })
    for (const name of [FIRST, SECOND]) {
      const shard = await entryOf(fixture('shards.zip'), name)
      for (const [key, { dtype, shape }] of Object.entries(partsOf(shard).header)) {
        if (key === '__metadata__') continue
        assert.deepEqual([header[key]!.dtype, header[key]!.shape], [dtype, shape], key)
        if (!changes.has(key)) assert.deepEqual(rawOf(file, key), rawOf(shard, key), key)
      }
    }
    assert.deepEqual(new Map([...await weightsOf(await read(file))].sort()), new Map([...await weightsOf(model, changes)].sort()))
  })

  test('several are not written of one, nor a Keras file', async () => {
    const model = await read(fixture('shards.zip'))
    for (const format of ['keras', 'keras-h5', 'tfjs-layers'] as const) await assert.rejects(write(model, new Map(), format, SMALL), { code: 'unsupported-format', message: /no layer graph/ })
    await assert.rejects(write(await read(fixture('plain.safetensors')), new Map(), 'safetensors-shards', SMALL), { code: 'unsupported-format', message: /cannot be converted to safetensors-shards/ })
  })
})
