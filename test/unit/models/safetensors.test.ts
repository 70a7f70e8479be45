/** safetensors files made by its Python library: read as numpy reads them, written again to the byte, and pruned bit by bit. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { readModel, writeModel } from '../../../src/models/formats/index.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { planPruning } from '../../../src/pruning/plan.ts'
import { pruned, SMALL, write } from './formats-helpers.ts'
import { EXPECTED, fileOf, fixture, partsOf, rawOf, read, type ExpectedTensor } from './safetensors-helpers.ts'

const bits16 = (bytes: Uint8Array) => new Uint16Array(bytes.slice().buffer)
const weightsOf = (model: ModelFile) => model.layers.flatMap(({ path, weights }) => weights.map((weight) => ({ path, ...weight })))

async function assertSame (model: ModelFile, expected: Record<string, ExpectedTensor>): Promise<void> {
  const tensors = new Map(weightsOf(model).map(({ tensor }) => [tensor.key, tensor]))
  for (const [name, { shape, values }] of Object.entries(expected)) {
    const tensor = tensors.get(name)!
    assert.deepEqual(tensor.shape, shape, name)
    const found = await tensor.read()
    values.forEach((value, at) => assert.ok(Object.is(found[at], value), `${name}[${at}] is ${found[at]}, numpy says ${value}`))
    const pieces = []
    for await (const piece of tensor.chunks(5)) pieces.push(...piece)
    assert.deepEqual(pieces, [...found], name)
  }
}

describe('reading', () => {
  test('values, shapes and layers are as the library wrote them', async () => {
    const model = await read(fixture('plain.safetensors'))
    assert.equal(model.format, 'safetensors')
    assert.deepEqual(model.producer, { framework: 'pt' })
    assert.equal(weightsOf(model).length, Object.keys(EXPECTED.plain).length)
    await assertSame(model, EXPECTED.plain)
    const fc1 = model.layers.find(({ path }) => path === 'model/layers/0/mlp/fc1')!
    assert.deepEqual(fc1.weights.map(({ role, prunable, reason }) => [role, prunable, reason]).sort(), [['bias', false, 'biases are left alone'], ['weight', true, undefined]])
    const reasons = new Map(weightsOf(model).map(({ path, role, reason }) => [`${path}/${role}`, reason]))
    assert.match(reasons.get('model/layers/0/norm/weight')!, /two axes or more/)
    assert.match(reasons.get('scale/weight')!, /two axes or more/)
    assert.match(reasons.get('position_ids/weight')!, /I64 tensors are kept as they are; F32, F16, BF16 are pruned/)
    assert.equal(reasons.get('cls_token/weight'), undefined)
  })

  test('the summary says that it cannot be run, and counts what can be pruned', async () => {
    const summary = await summarizeModel(await read(fixture('plain.safetensors')))
    assert.deepEqual([summary.runnable, summary.problem, summary.macs], [false, 'a safetensors file has weights but no layer graph', null])
    const tables = Object.entries(EXPECTED.plain).filter(([, { dtype, shape }]) => dtype !== 'int64' && shape.length > 1)
    assert.equal(summary.prunableWeights, tables.reduce((sum, [, { values }]) => sum + values.length, 0))
    assert.equal(summary.nonzeros, Object.values(EXPECTED.plain).flatMap(({ values }) => values).filter((value) => value !== 0).length)
    assert.equal(summary.layers.find(({ name }) => name === 'model/layers/2/norm')!.prunable, false)
  })

  test('every dtype: the numbers of those that numpy knows, the bytes of the others', async () => {
    const file = fixture('types.safetensors')
    const model = await read(file)
    await assertSame(model, EXPECTED.types)
    const other = weightsOf(model).filter(({ tensor }) => !(tensor.key in EXPECTED.types))
    assert.equal(other.length, 7)
    for (const { tensor, prunable, reason } of other) {
      assert.deepEqual([...await tensor.read()], [...rawOf(file, tensor.key)])
      assert.deepEqual([prunable, /kept as they are/.test(reason!)], [false, true])
    }
    assert.deepEqual(weightsOf(model).filter(({ prunable }) => prunable).map(({ role }) => role).sort(), ['bfloat16', 'float16', 'float32'])
  })

  test('a recipe may opt in biases and float64, but nothing that is no weight', async () => {
    const model = await read(fixture('types.safetensors'))
    const { prune } = planPruning(model.layers, { layers: [{ match: '**/*', skip: false }], target: { sparsity: 0.5 } })
    assert.deepEqual(prune.map(({ role }) => role).sort(), ['bfloat16', 'float16', 'float32', 'float64'])
  })

  test('names that are no path, and empty tensors', async () => {
    const entry = (shape: number[], offsets: number[]) => ({ dtype: 'F32', shape, data_offsets: offsets })
    const model = await read(fileOf({ '.a': entry([1, 1], [0, 4]), 'b.': entry([1, 1], [4, 8]), 'c..d': entry([1, 1], [8, 12]), 'e/f.g': entry([0, 7], [12, 12]), constructor: entry([1, 1], [12, 16]) }, new Uint8Array(16)))
    assert.deepEqual(model.layers.map(({ path, weights }) => `${path} ${weights[0]!.role} ${weights[0]!.prunable}`), ['.a weight true', 'b. weight true', 'c..d weight true', 'e/f g false', 'constructor weight true'])
    assert.equal(model.layers[3]!.weights[0]!.reason, 'it is empty')
  })

  test('a file without tensors has no layers', async () => {
    assert.deepEqual((await read(fileOf('{}   '))).layers, [])
    assert.deepEqual((await read(fileOf({ __metadata__: { format: 'x'.repeat(1000) } }))).producer, {})
  })
})

describe('writing', () => {
  test('without changes the file is the same to the byte, blanks of its header too', async () => {
    const odd = fileOf('{ "b.w" : {"shape":[1],"dtype":"F16","note":"kept","data_offsets":[4,6]},\n"a.w":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}     ', Uint8Array.of(1, 2, 3, 4, 5, 6))
    for (const file of [fixture('plain.safetensors'), fixture('types.safetensors'), odd, fileOf('{}')]) {
      assert.deepEqual(await write(await read(file), new Map(), 'safetensors', SMALL), file)
    }
  })

  test('pruned tensors keep dtype, header and the bits of what is left; the others keep every byte', async () => {
    const file = fixture('plain.safetensors')
    const model = await read(file)
    const changes = await pruned(model, 0.7)
    const after = await write(model, changes, 'safetensors', SMALL)
    assert.deepEqual(partsOf(after).header, partsOf(file).header)
    assert.equal(after.length, file.length)
    let zeros = 0
    for (const { tensor, prunable } of weightsOf(model)) {
      const [raw, rawAfter] = [rawOf(file, tensor.key), rawOf(after, tensor.key)]
      if (!prunable) {
        assert.deepEqual(rawAfter, raw, tensor.key)
        continue
      }
      const values = changes.get(tensor.key)!
      const size = raw.length / values.length
      values.forEach((value, at) => {
        if (value === 0) zeros++
        const kept = raw.slice(at * size, (at + 1) * size)
        assert.deepEqual(rawAfter.slice(at * size, (at + 1) * size), value === 0 ? new Uint8Array(size) : kept, `${tensor.key}[${at}]`)
      })
    }
    const pool = weightsOf(model).filter(({ prunable }) => prunable).reduce((sum, { tensor }) => sum + EXPECTED.plain[tensor.key]!.values.length, 0)
    assert.equal(zeros, Math.floor(0.7 * pool + 0.5))
    assert.deepEqual(await pruned(await read(after), 0), changes)
  })

  for (const dtype of ['F16', 'BF16']) {
    test(`all 65,536 bit patterns of ${dtype} survive a change of one, infinities and NaN too`, async () => {
      const patterns = Uint16Array.from({ length: 65_536 }, (_, index) => index)
      const file = fileOf({ 'all.weight': { dtype, shape: [256, 256], data_offsets: [0, 131_072] } }, new Uint8Array(patterns.buffer))
      const model = await read(file)
      const values = (await weightsOf(model)[0]!.tensor.read()).slice()
      values[0x1234] = 0
      const after = bits16(rawOf(await write(model, new Map([['all.weight', values]]), 'safetensors', SMALL), 'all.weight'))
      patterns[0x1234] = 0
      assert.deepEqual(after, patterns)
    })
  }

  test('bits of float32, NaN with a payload too, stay', async () => {
    const bits = Uint32Array.of(0x7fc12345, 0xff800000, 0x80000000, 0x00000001, 0x3f800001, 0xffffffff)
    const file = fileOf({ 'a.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] } }, new Uint8Array(bits.slice().buffer))
    const model = await read(file)
    const values = (await weightsOf(model)[0]!.tensor.read()).slice()
    values[4] = 0
    bits[4] = 0
    assert.deepEqual(new Uint32Array(rawOf(await write(model, new Map([['a.weight', values]]), 'safetensors', SMALL), 'a.weight').buffer), bits)
  })

  test('a large file is copied in pieces', async () => {
    const size = 64 * 2 ** 20
    const head = fileOf({ 'a.weight': { dtype: 'F32', shape: [1, 3], data_offsets: [0, 12] }, 'b.weight': { dtype: 'F16', shape: [1024, size / 2048], data_offsets: [12, 12 + size] } }, new Uint8Array(12))
    let largest = 0
    const source: ByteSource = {
      size: head.length + size,
      async read (offset, length) {
        largest = Math.max(largest, length)
        return offset + length <= head.length ? head.slice(offset, offset + length) : new Uint8Array(length)
      },
    }
    let [written, largestWritten] = [0, 0]
    const model = await readModel(source)
    const bytes = await writeModel(model, new Map([['a.weight', new Float32Array(3)]]), 'safetensors', SMALL, {
      async write (offset, { length }) {
        assert.equal(offset, written)
        written += length
        largestWritten = Math.max(largestWritten, length)
      },
    })
    await summarizeModel(model)
    assert.deepEqual([bytes, written], [source.size, source.size])
    assert.ok(Math.max(largest, largestWritten) <= 4 * 2 ** 20)
  })

  test('nothing is converted from it', async () => {
    const model = await read(fixture('plain.safetensors'))
    for (const format of ['keras', 'keras-h5', 'tfjs-layers'] as const) {
      await assert.rejects(write(model, new Map(), format, SMALL), { code: 'unsupported-format', message: /a safetensors file has weights but no layer graph.*write the model as safetensors/ })
    }
  })

  test('a change of a tensor that is not there is a fault, and so is one of another size', async () => {
    const model = await readModel(bytesInMemory(fixture('plain.safetensors')))
    await assert.rejects(write(model, new Map([['nothing', new Float32Array(1)]]), 'safetensors', SMALL), { code: 'internal' })
    await assert.rejects(write(model, new Map([['cls_token', new Float32Array(1)]]), 'safetensors', SMALL), { code: 'shape-mismatch' })
  })
})
