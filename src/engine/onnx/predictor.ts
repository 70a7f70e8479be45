/** An ONNX model in a session of onnxruntime, on the CPU. */
import { dirname } from 'node:path'
import type { Signature } from '../../models/architecture/types.ts'
import type { Predictor } from '../predict.ts'
import { sessionPredictor } from '../session/predictor.ts'
import { onnxFailure } from './failure.ts'
import type { OnnxRuntime } from './library.ts'
import { batchOf, tensorOf, type OnnxTensor } from './values.ts'

type Session = Awaited<ReturnType<OnnxRuntime['InferenceSession']['create']>>
type Feeds = Record<string, OnnxTensor>

/** Errors only: what it warns of is about speed. */
const LOG_ERRORS = 3

export interface OnnxOptions { readonly threads: number }

/**
 * Loads the model at `path`, whose data files lie beside it; the files are not needed afterwards. Throws `unsupported-layer` when onnxruntime cannot load it,
 * with what it says.
 */
export async function createOnnxPredictor (ort: OnnxRuntime, path: string, signature: Signature, options: OnnxOptions): Promise<Predictor> {
  const session = await open(ort, path, options)
  const { inputNames, inputTypes, outputNames } = signature
  return sessionPredictor<Feeds>({
    feed: (inputs) => Object.fromEntries(inputs.map((input, index) => [inputNames[index]!, tensorOf(ort, inputNames[index]!, inputTypes[index]!, input)])),
    async run (feeds) {
      try {
        const outputs = await session.run(feeds, outputNames)
        return outputNames.map((name) => batchOf(outputs[name]!))
      } catch (error) {
        throw onnxFailure(error, 'run the model')
      }
    },
    release () {},
    // What it frees it frees at once; the promise is of the interface.
    dispose () { void session.release() },
  }, signature)
}

async function open (ort: OnnxRuntime, path: string, { threads }: OnnxOptions): Promise<Session> {
  try {
    return await ort.InferenceSession.create(path, {
      executionProviders: ['cpu'],
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: LOG_ERRORS,
      // Two models are measured in turn: threads of one that wait by spinning would take the processor from the other.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    })
  } catch (error) {
    throw onnxFailure(error, 'load the model', dirname(path))
  }
}
