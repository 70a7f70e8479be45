/** A TFLite file in LiteRT, on one thread, example by example. */
import { EspalierError } from '../../errors.ts'
import type { Signature } from '../../models/architecture/types.ts'
import type { TfliteModel, TfliteTensor } from '../../models/exports/tflite/model.ts'
import { readTflite } from '../../models/exports/tflite/read.ts'
import type { BatchArray, Predictor } from '../predict.ts'
import { sessionPredictor } from '../session/predictor.ts'
import { forgetLitert, type Held, type Litert, type LoadedLitert, type TensorBuffer, type TensorKind } from './library.ts'
import { fromElements, toElements } from './values.ts'

/** Larger files are not run: file and unpacked weights lie in WebAssembly memory, of which there are at most 4 GiB. */
const MAX_BYTES = 512 * 1024 * 1024

/** Why LiteRT does not run a file that others may. */
export function litertRefusal (bytes: Uint8Array, { tensors, inputs, operators }: TfliteModel): string | undefined {
  if (bytes.length > MAX_BYTES) return `it has ${bytes.length} bytes, TFLite files of at most ${MAX_BYTES} are run`
  if (inputs.some((index) => tensors[index]!.signature?.slice(1).includes(-1))) return 'its inputs have sizes besides the batch that are only known with the data'
  // XNNPACK's for WebAssembly leaves out parts of the result, which then are whatever was in memory (2.5.3).
  const strided = operators.some(({ builtin, options }) => builtin === 'TRANSPOSE_CONV' && (Number(options.strideH) > 1 || Number(options.strideW) > 1))
  return strided ? 'LiteRT for WebAssembly computes transposed convolutions with strides wrongly' : undefined
}

/** One thread is all that this build has. */
const OPTIONS = { accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} }

/** Throws `invalid-model` for what is no such file, `unsupported-layer` for one that is refused, and with what LiteRT says when it cannot load or run it. */
export async function createLitertPredictor ({ litert, environment }: LoadedLitert, bytes: Uint8Array): Promise<Predictor> {
  const file = readTflite(bytes)
  const refusal = litertRefusal(bytes, file)
  if (refusal !== undefined) throw new EspalierError('unsupported-layer', `the TFLite file is not run: ${refusal}`)
  const [inputs, outputs] = [file.inputs, file.outputs].map((list) => list.map((index) => file.tensors[index]!)) as [TfliteTensor[], TfliteTensor[]]
  const at = litert._malloc(bytes.length)
  litert.HEAPU8.set(bytes, at)
  const { model, compiled } = await attempt('load the file', async () => {
    const model = litert.loadModel(environment, at, bytes.length)
    return { model, compiled: await litert.compileModel(environment, model, { ...OPTIONS, environment: { liteRtEnvironment: environment } }) }
  })
  const order = ordersOf(model.getSignature(0), file)
  const kinds = order.inputs.map((input, place) => kindOf(litert, model.getInputTensorType(0, place), inputs[input]!.shape))
  return sessionPredictor<TensorBuffer[]>({
    feed: (given) => order.inputs.map((input, place) => bufferOf(litert, environment, kinds[place]!, toElements(given[input]!.values, inputs[input]!))),
    run: async (feeds) => await attempt('run the file', async () => {
      const results = await compiled.run(0, feeds)
      const arrays: BatchArray[] = []
      for (const [place, output] of order.outputs.entries()) arrays[output] = { values: fromElements(elementsOf(litert, results[place]!), outputs[output]!), shape: outputs[output]!.shape }
      release(results)
      return arrays
    }),
    release,
    dispose () {
      release([...kinds, compiled, model])
      litert._free(at)
    },
  }, signatureOf(file, inputs, outputs))
}

/** One example at a time: sizes that are only known with the data are 1 in the file. */
function signatureOf ({ inputNames, outputNames }: TfliteModel, inputs: readonly TfliteTensor[], outputs: readonly TfliteTensor[]): Signature {
  return {
    inputNames, outputNames, inputShapes: inputs.map(({ shape }) => shape), outputShapes: outputs.map(({ shape }) => shape),
    inputTypes: inputs.map(() => 'float32'), activations: outputs.map(() => 'other'), classAxes: outputs.map(() => null), channelsFirst: false,
  }
}

/** Places in the file of what LiteRT has in its order. */
function ordersOf (signature: ReturnType<ReturnType<Litert['loadModel']>['getSignature']>, { inputNames, outputNames }: TfliteModel): { inputs: number[], outputs: number[] } {
  const places = (names: ReturnType<typeof signature.inputNames>, known: readonly string[]): number[] => Array.from({ length: names.size() }, (_, index) => known.indexOf(names.get(index)))
  return { inputs: places(signature.inputNames(), inputNames), outputs: places(signature.outputNames(), outputNames) }
}

function kindOf (litert: Litert, told: TensorKind, shape: readonly number[]): TensorKind {
  const sizes = new litert.VectorInt32()
  for (const size of shape) sizes.push_back(size)
  const layout = litert.LiteRtLayout.create(sizes)
  const kind = litert.LiteRtRankedTensorType.create(told.elementType(), layout)
  release([sizes, layout, told])
  return kind
}

function bufferOf (litert: Litert, environment: Held, kind: TensorKind, bytes: Uint8Array): TensorBuffer {
  if (bytes.length !== kind.bytes()) throw new EspalierError('shape-mismatch', `${bytes.length} bytes are given for an input of ${kind.bytes()}`)
  const buffer = litert.LiteRtTensorBuffer.createManaged(environment, litert.LiteRtTensorBufferType.HOST_MEMORY, kind, bytes.length)
  litert.HEAPU8.set(bytes, buffer.lock(litert.LiteRtTensorBufferLockMode.WRITE))
  buffer.unlock()
  return buffer
}

function elementsOf (litert: Litert, buffer: TensorBuffer): Uint8Array<ArrayBuffer> {
  const at = buffer.lock(litert.LiteRtTensorBufferLockMode.READ)
  const bytes = Uint8Array.from(litert.HEAPU8.subarray(at, at + buffer.packedSize()))
  buffer.unlock()
  return bytes
}

function release (list: readonly Held[]): void {
  for (const held of list) held.delete()
}

async function attempt<T> (what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (cause instanceof EspalierError) throw cause
    forgetLitert()
    throw new EspalierError('unsupported-layer', `LiteRT cannot ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
}
