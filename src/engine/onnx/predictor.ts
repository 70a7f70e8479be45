/** An ONNX model in a session of onnxruntime, on the CPU. */
import { dirname } from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { Signature } from '../../models/architecture/types.ts'
import type { BatchArray, Predictor } from '../predict.ts'
import { cutBatch, fixedBatch, joinBatches } from './batches.ts'
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
  const { inputNames, inputTypes, inputShapes, outputNames } = signature
  const size = fixedBatch(inputShapes)

  function feed (inputs: readonly BatchArray[]): Feeds {
    if (inputs.length !== inputNames.length) {
      throw new EspalierError('shape-mismatch', `the model has ${inputNames.length} inputs (${inputNames.join(', ')}), ${inputs.length} are given`)
    }
    return Object.fromEntries(inputs.map((input, index) => [inputNames[index]!, tensorOf(ort, inputNames[index]!, inputTypes[index]!, input)]))
  }

  async function run (feeds: Feeds): Promise<BatchArray[]> {
    try {
      const outputs = await session.run(feeds, outputNames)
      return outputNames.map((name) => batchOf(outputs[name]!))
    } catch (error) {
      throw onnxFailure(error, 'run the model')
    }
  }

  async function runInParts (inputs: readonly BatchArray[], rows: number, size: number): Promise<BatchArray[]> {
    const parts: BatchArray[][] = outputNames.map(() => [])
    for (let from = 0; from < rows; from += size) {
      const outputs = await run(feed(inputs.map((input) => cutBatch(input, from, size))))
      outputs.forEach((output, index) => {
        if (output.shape[0] !== size) throw new EspalierError('shape-mismatch', `the output ${outputNames[index]} has the shape [${output.shape.join(', ')}] for ${size} examples; its first axis must be the examples'`)
        parts[index]!.push(output)
      })
    }
    return parts.map((part) => joinBatches(part, rows))
  }

  return {
    prepare: () => ({ compiled: true }),
    async predict (inputs) {
      const rows = inputs[0]?.shape[0] ?? 0
      return size === null || size === rows || rows === 0 ? await run(feed(inputs)) : await runInParts(inputs, rows, size)
    },
    hold (inputs) {
      const feeds = feed(size === null ? inputs : inputs.map((input) => cutBatch(input, 0, size)))
      return { examples: size ?? inputs[0]?.shape[0] ?? 1, run: async () => { await run(feeds) }, dispose () {} }
    },
    // What it frees it frees at once; the promise is of the interface.
    dispose () { void session.release() },
  }
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
