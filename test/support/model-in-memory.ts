/** A model of dense layers made of given numbers, without a file. */
import { bytesInMemory } from '../../src/models/bytes.ts'
import type { LayerWeight, ModelFile, ModelLayer } from '../../src/models/model.ts'
import type { StoredTensor } from '../../src/models/tensor.ts'

function stored (key: string, values: readonly number[]): StoredTensor {
  const array = Float32Array.from(values)
  return { key, shape: [array.length, 1], type: 'float32', read: async () => array, async * chunks () { yield array } }
}

const AXES = { output: [1], input: [0], spatial: [] }

/** `layers`: kernel values by layer name; every layer also has a bias, which is not prunable. */
export function modelInMemory (layers: Readonly<Record<string, readonly number[]>>): ModelFile {
  const made = Object.entries(layers).map(([path, kernel], index): ModelLayer => {
    const weights: LayerWeight[] = [
      { role: 'kernel', tensor: stored(`${path}/0`, kernel), prunable: true, spec: { role: 'kernel', shape: [kernel.length, 1], trainable: true, prunable: true, axes: AXES } },
      { role: 'bias', tensor: stored(`${path}/1`, [0.5]), prunable: false, reason: 'biases are left alone', spec: { role: 'bias', shape: [1], trainable: true, prunable: false, reason: 'biases are left alone', axes: AXES } },
    ]
    const layer = { path, className: 'Dense', trainable: true, containers: [], indexInContainer: index, weights: weights.map(({ spec }) => spec!) }
    return { path, className: 'Dense', layer, weights }
  })
  return {
    format: 'keras', source: bytesInMemory(new Uint8Array()), architecture: { name: 'model', layers: made.map(({ layer }) => layer) }, layers: made,
    config: {}, producer: {}, hasOptimizerState: false, rest: undefined,
  }
}
