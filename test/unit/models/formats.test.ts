/** Model files of real Keras: read, written back, converted; everything that is not changed stays as it was. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { EXPECTED, MODEL_FILES } from '../../support/fixtures.ts'
import { decodeNumbers } from '../../../src/models/formats/hdf5/index.ts'
import { datasetAt, objectsOf } from './hdf5-helpers.ts'
import { bytesOf, entryOf, modelOf, parametersOf, PLAIN, pruned, SMALL, treeOf, weightsOf, write } from './formats-helpers.ts'

const SMALL_FILES = ['nested.keras', 'nested.h5', 'unknown.keras', 'unknown.h5', 'convolutions.keras', 'convolutions.h5', 'types.keras', 'sequences.keras', 'sequences.h5'].map((name) => `test/fixtures/formats/${name}`)
const ALL_FILES = [...MODEL_FILES.map(([file]) => file as string), ...SMALL_FILES]

/** Weights of the small models as Keras tells them. */
const KERAS_WEIGHTS = JSON.parse(new TextDecoder().decode(bytesOf('test/fixtures/formats/expected.json'))) as Record<string, { weights: Record<string, { sha256: string }> }>

const isKeras2 = (file: string) => file.includes('keras2')

describe('reading', () => {
  for (const [file, name] of MODEL_FILES) {
    test(`${file}: format, layers, and every value as it stands in the HDF5 tree`, async () => {
      const model = await modelOf(file)
      assert.equal(model.format, file.endsWith('.h5') ? 'keras-h5' : 'keras')
      assert.equal(model.architecture.problem, undefined)
      assert.equal(parametersOf(model), EXPECTED[name]!.parameters)
      assert.equal(model.hasOptimizerState, !isKeras2(file))
      const tree = await treeOf(bytesOf(file))
      const keys = new Set<string>()
      for (const { tensor } of model.layers.flatMap(({ weights }) => weights)) {
        const dataset = datasetAt(tree, `/${tensor.key}`)
        assert.deepEqual(await tensor.read(), decodeNumbers(await dataset.read(), dataset.datatype))
        keys.add(tensor.key)
      }
      const stored = [...objectsOf(tree)].filter(({ kind, path }) => kind === 'dataset' && !path.startsWith('/optimizer'))
      assert.equal(keys.size, stored.length)
    })
  }

  for (const file of SMALL_FILES) {
    test(`${file}: every weight is one of those Keras names, seeds aside`, async () => {
      const hashes = (values: Iterable<Float32Array>) => [...values].map((one) => createHash('sha256').update(new Uint8Array(one.buffer, one.byteOffset, one.byteLength)).digest('hex')).sort()
      const known = KERAS_WEIGHTS[file.replace(/^.*\/|\.\w+$/g, '')]!.weights
      const wanted = Object.entries(known).filter(([path]) => !path.includes('seed_generator')).map(([, { sha256 }]) => sha256).sort()
      assert.deepEqual(hashes((await weightsOf(await modelOf(file))).values()), wanted)
    })
  }

  test('a quantized model is refused by name', async () => {
    await assert.rejects(modelOf('test/fixtures/formats/quantized.keras'), { code: 'unsupported-format', message: /dense.*int8/ })
  })

  test('both files of a model say the same of its layers', async () => {
    for (const name of ['models/mlp', 'models/resnet8', 'formats/nested', 'formats/convolutions', 'formats/sequences']) {
      const [zip, h5] = [await modelOf(`test/fixtures/${name}.keras`), await modelOf(`test/fixtures/${name}.h5`)]
      // Keras writes the class of one layer under two names.
      const rows = (model: typeof zip) => model.layers.map(({ className, weights }) => [className.replace('GroupedQuery', 'GroupQuery'), weights.map(({ role, prunable, tensor }) => [role, prunable, tensor.shape])])
      assert.deepEqual(rows(h5), rows(zip))
      assert.deepEqual([...(await weightsOf(h5)).values()], [...(await weightsOf(zip)).values()])
    }
  })

  test('chunks come in order, in pieces of the size asked for', async () => {
    const { tensor } = (await modelOf('test/fixtures/models/mlp.keras')).layers.flatMap(({ weights }) => weights)[0]!
    const pieces: Float32Array[] = []
    for await (const piece of tensor.chunks(1000)) pieces.push(piece)
    assert.ok(pieces.every(({ length }) => length <= 1000))
    assert.deepEqual(Float32Array.from(pieces.flatMap((piece) => [...piece])), await tensor.read())
  })
})

describe('writing in the same format', () => {
  for (const file of ALL_FILES) {
    for (const compress of [false, true]) {
      test(`${file}, ${compress ? 'compressed' : 'plain'}: changed tensors change, all else stays`, async () => {
        const before = bytesOf(file)
        const model = await readModel(bytesInMemory(before))
        const changes = await pruned(model, 0.9)
        const after = await write(model, changes, model.format, { compress, optimizerState: 'keep' })
        const [old, tree] = [await treeOf(before), await treeOf(after)]
        assert.deepEqual([...objectsOf(tree)].map(({ path }) => path).sort(), [...objectsOf(old)].map(({ path }) => path).sort())
        for (const object of objectsOf(old)) {
          const other = [...objectsOf(tree)].find(({ path }) => path === object.path)!
          assert.deepEqual(attributes(other), attributes(object), object.path)
          if (object.kind !== 'dataset' || other.kind !== 'dataset') continue
          assert.deepEqual(other.shape, object.shape)
          assert.deepEqual(other.datatype, object.datatype)
          const change = changes.get(object.path.slice(1))
          if (change === undefined) assert.deepEqual(await other.read(), await object.read(), object.path)
          // Keras stores bfloat16 as opaque bytes; these are compared by value below.
          else if (other.datatype.kind !== 'other') assert.deepEqual(decodeNumbers(await other.read(), other.datatype), change, object.path)
        }
        if (model.format === 'keras') for (const name of ['config.json', 'metadata.json']) assert.deepEqual(await entryOf(after, name), await entryOf(before, name))
        assert.deepEqual(await weightsOf(await readModel(bytesInMemory(after))), await weightsOf(model, changes))
      })
    }
  }

  test('the same model always gives the same bytes', async () => {
    const model = await modelOf('test/fixtures/models/resnet8.keras')
    const changes = await pruned(model, 0.5)
    assert.deepEqual(await write(model, changes, 'keras', SMALL), await write(model, changes, 'keras', SMALL))
  })

  test('pruned LeNet-5 gets smaller than a quarter, and optimizer state goes when it is to', async () => {
    for (const file of ['examples/lenet5.keras', 'test/fixtures/models/lenet5.h5']) {
      const model = await modelOf(file)
      const bytes = await write(model, await pruned(model, 0.9), model.format, SMALL)
      assert.ok(bytes.length < 500_000, `${bytes.length} bytes`)
      assert.equal((await readModel(bytesInMemory(bytes))).hasOptimizerState, false)
    }
  })

  test('a change of a tensor that is not there, or of another size, is an error', async () => {
    const model = await modelOf('test/fixtures/models/resnet8.keras')
    const [key] = (await pruned(model, 0.5)).keys()
    await assert.rejects(write(model, new Map([['layers/nothing', new Float32Array(1)]]), 'keras', PLAIN), { code: 'internal', message: /layers\/nothing/ })
    await assert.rejects(write(model, new Map([[key!, new Float32Array(1)]]), 'keras', PLAIN), { code: 'shape-mismatch' })
  })
})

describe('conversion', () => {
  for (const file of ALL_FILES.filter((name) => !name.includes('unknown'))) {
    const target = file.endsWith('.h5') ? 'keras' : 'keras-h5'
    test(`${file} to ${target}: the same layers, roles and values`, async () => {
      const model = await modelOf(file)
      const changes = await pruned(model, 0.9)
      const converted = await readModel(bytesInMemory(await write(model, changes, target, SMALL)))
      assert.equal(converted.format, target)
      assert.equal(converted.architecture.problem, undefined)
      assert.deepEqual(await weightsOf(converted), await weightsOf(model, changes))
    })
  }

  test('weights of layers that are not known cannot be converted, and the layer is named', async () => {
    await assert.rejects(write(await modelOf('test/fixtures/formats/unknown.keras'), new Map(), 'keras-h5', PLAIN), { code: 'unsupported-format', message: /graft/ })
  })
})

function attributes (object: { readonly attributes: ReadonlyMap<string, { readonly value: unknown, readonly shape: readonly number[] }> }): unknown[] {
  return [...object.attributes].map(([name, { value, shape }]) => [name, shape, value]).sort()
}
