/** A TensorFlow graph in a session of its own, run by its inputs and outputs. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Signature } from '../../models/architecture/types.ts'
import { isFloat } from '../../models/formats/file-tensor.ts'
import { inputName, outputName, TAG } from '../../models/formats/tensorflow/run-graph.ts'
import type { NumberType } from '../../models/tensor.ts'
import { nativeBackend } from '../compile/native.ts'
import type { BatchArray, Predictor } from '../predict.ts'
import type { Tf } from '../runtime.ts'
import { sessionPredictor } from '../session/predictor.ts'
import { whole } from '../session/whole.ts'
import { graphFailure } from './failure.ts'

/**
 * Loads the graph in the folder `path`, as `runGraph` makes it, with the values beside it; the files are not needed afterwards. Throws `unsupported-layer` when
 * TensorFlow cannot load it, with what it says.
 */
export function createGraphPredictor (tf: Tf, path: string, signature: Signature): Predictor {
  const backend = nativeBackend()
  const { inputNames, inputTypes, outputNames } = signature
  const names = inputNames.map((_, index) => ({ name: `${inputName(index)}:0` }))
  const outputs = outputNames.map((_, index) => `${outputName(index)}:0`)
  const session = attempt('load the graph', () => backend.loadSavedModelMetaGraph(path, TAG), path)
  return sessionPredictor<Tensor[]>({
    feed: (inputs) => inputs.map(({ values, shape }, index) => tf.tensor(checked(values, inputNames[index]!, inputTypes[index]!), [...shape], 'float32')),
    async run (feeds) {
      const given = attempt('run the graph', () => backend.runSavedModel(session, feeds, names, outputs))
      try {
        return given.map((tensor): BatchArray => ({ values: Float32Array.from(tensor.dataSync()), shape: tensor.shape }))
      } finally {
        tf.dispose(given)
      }
    },
    release (feeds) { tf.dispose(feeds) },
    dispose () { backend.deleteSavedModel(session) },
  }, signature)
}

function checked (values: Float32Array, name: string, type: NumberType): Float32Array {
  return isFloat(type) ? values : whole(values, name, type as Parameters<typeof whole>[2])
}

function attempt<T> (doing: string, act: () => T, folder?: string): T {
  try {
    return act()
  } catch (error) {
    throw graphFailure(error, doing, folder)
  }
}
