/** The weights of a model on the device, as variables that eager runs read and a compiled graph takes its first values from. */
import * as tf from '@tensorflow/tfjs-core'
import type { Variable } from '@tensorflow/tfjs-core'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import type { Weights } from '../layers/index.ts'

export interface LoadedWeight {
  /** `layer/role`, unique in the model. */
  readonly name: string
  /** Of its tensor in the file. */
  readonly key: string
  /** Index into `architecture.layers`. */
  readonly layer: number
  readonly role: string
  readonly prunable: boolean
  readonly variable: Variable
}

export interface LoadedWeights {
  readonly list: readonly LoadedWeight[]
  /** By name, as the state of a program. */
  readonly variables: Readonly<Record<string, Variable>>
  of (layer: number): Weights
  dispose (): void
}

/** Every weight that the layer table knows, float32, with `changes` in place of the file's values. Throws what reading the file throws. */
export async function loadWeights (model: ModelFile, changes?: HeldChanges): Promise<LoadedWeights> {
  const byPath = new Map(model.layers.map((layer) => [layer.path, layer]))
  const list: LoadedWeight[] = []
  const dispose = (): void => { tf.dispose(list.map(({ variable }) => variable)) }
  try {
    for (const [layer, { path }] of model.architecture.layers.entries()) {
      for (const { role, spec, tensor, prunable } of byPath.get(path)?.weights ?? []) {
        // Weights that the layer table does not know (seeds, counters) play no part in a forward pass.
        if (spec === undefined) continue
        const value = tf.tensor(changes?.get(tensor.key) ?? await tensor.read(), [...tensor.shape], 'float32')
        list.push({ key: tensor.key, name: `${path}/${role}`, layer, role, prunable, variable: tf.variable(value) })
        value.dispose()
      }
    }
  } catch (error) {
    dispose()
    throw error
  }
  const layers = model.architecture.layers.map((_, layer): Weights => Object.fromEntries(list.filter((one) => one.layer === layer).map((one) => [one.role, one.variable])))
  return { list, variables: Object.fromEntries(list.map(({ name, variable }) => [name, variable])), of: (layer) => layers[layer] ?? {}, dispose }
}
