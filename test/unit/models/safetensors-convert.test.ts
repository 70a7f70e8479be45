/** Keras models written as safetensors: names, dtypes and bytes, and what is refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ModelFile } from '../../../src/models/model.ts'
import { modelOf, PLAIN, pruned, SMALL, weightsOf, write } from './formats-helpers.ts'
import { partsOf, rawOf, read } from './safetensors-helpers.ts'

/** The model with its first layer that has weights under another name. */
function renamed (model: ModelFile, path: string): ModelFile {
  const at = model.layers.findIndex(({ weights }) => weights.length > 0)
  return { ...model, layers: model.layers.map((layer, index) => index === at ? { ...layer, path } : layer) }
}

describe('from Keras to safetensors', () => {
  for (const name of ['models/mlp.keras', 'models/mlp.h5', 'models/mlp-keras2.h5', 'formats/nested.keras', 'formats/convolutions.h5', 'formats/sequences.keras', 'formats/types.keras', 'formats/unknown.keras']) {
    test(`${name}: all weights under the same layers and roles`, async () => {
      const model = await modelOf(`test/fixtures/${name}`)
      const changes = await pruned(model, 0.5)
      const after = await read(await write(model, changes, 'safetensors', SMALL))
      const sorted = (weights: Map<string, Float32Array>) => new Map([...weights].sort(([a], [b]) => a < b ? -1 : 1))
      assert.deepEqual(sorted(await weightsOf(after)), sorted(await weightsOf(model, changes)))
    })
  }

  test('names have dots, data are aligned, types stay', async () => {
    const model = await modelOf('test/fixtures/formats/types.keras')
    const file = await write(model, new Map(), 'safetensors', SMALL)
    const { __metadata__: metadata, ...header } = partsOf(file).header
    assert.deepEqual(metadata, { format: 'tf' })
    assert.equal(Number(new DataView(file.buffer).getBigUint64(0, true)) % 8, 0)
    const dtypes = { float16: 'F16', bfloat16: 'BF16', float32: 'F32', float64: 'F64' } as Record<string, string>
    const widths = { F16: 2, BF16: 2, F32: 4, F64: 8 } as Record<string, number>
    const weights = model.layers.flatMap((layer) => layer.weights.map(({ role, tensor }) => [`${layer.path.replaceAll('/', '.')}.${role}`, tensor] as const)).filter(([, { type }]) => type in dtypes)
    assert.deepEqual(new Set(weights.map(([, { type }]) => type)), new Set(Object.keys(dtypes)))
    for (const [name, tensor] of weights) {
      assert.equal(header[name]!.dtype, dtypes[tensor.type], name)
      assert.equal(header[name]!.data_offsets[0] % widths[header[name]!.dtype]!, 0, name)
      if (tensor.type === 'float32') assert.deepEqual(new Float32Array(rawOf(file, name).buffer), await tensor.read(), name)
    }
  })

  test('names that would read back as another layer are refused, and so is optimizer state', async () => {
    const model = await modelOf('test/fixtures/models/mlp.keras')
    for (const path of ['conv.1', 'a//b', 'a\nb', 'x'.repeat(2000)]) {
      await assert.rejects(write(renamed(model, path), new Map(), 'safetensors', SMALL), { code: 'unsupported-format', message: /does not read back as the same; rename the layer/ })
    }
    assert.deepEqual((await read(await write(renamed(model, '__proto__'), new Map(), 'safetensors', SMALL))).layers.map(({ path }) => path).includes('__proto__'), true)
    const lenet = await modelOf('examples/lenet5.keras')
    assert.equal(lenet.hasOptimizerState, true)
    await assert.rejects(write(lenet, new Map(), 'safetensors', PLAIN), { code: 'unsupported-format', message: /"optimizerState": "drop"/ })
  })
})
