/** Opens an exported file in the library of its format. */
import { loadLitert } from '../../engine/litert/library.ts'
import { createLitertPredictor, litertRefusal } from '../../engine/litert/predictor.ts'
import type { Predictor } from '../../engine/predict.ts'
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { EXPORTS, type ExportName, type ModelExport } from '../../models/exports/index.ts'
import { readTflite } from '../../models/exports/tflite/read.ts'
import { readModel } from '../../models/formats/index.ts'
import type { JobInput } from '../job-types.ts'
import { openRuntime } from '../runtimes/index.ts'

/** `runtime`: by its name, for the receipt. */
export interface OpenedFile { readonly runtime: string, readonly threads: number, readonly predictor: Predictor }

/** A predictor of the file, which holds memory until it is disposed of, or why its library does not run it. */
export interface OpenFile { (threads?: number): Promise<OpenedFile | { readonly refusal: string }> }

/**
 * `threads`: all that the job may take, unless given; LiteRT has one. Throws what loading the file throws, and `engine-unavailable` for ONNX files where
 * onnxruntime is not installed.
 */
export function fileOpener (input: JobInput, format: ExportName, source: ByteSource): OpenFile {
  const { tfliteIn }: ModelExport = EXPORTS[format]
  return tfliteIn === undefined
    ? async (threads) => await openModel(input, source, threads)
    : async () => await openTflite(tfliteIn(await source.read(0, source.size)))
}

async function openModel (input: JobInput, source: ByteSource, threads?: number): Promise<OpenedFile> {
  const model = await readModel(source)
  const { info, versions, load } = await openRuntime(threads === undefined ? input : { ...input, limits: { ...input.limits, threads } }, model)
  const [library] = Object.entries(versions)
  return { runtime: library!.join(' '), threads: Number(info.threads ?? 1), predictor: await load(model) }
}

async function openTflite (bytes: Uint8Array): Promise<OpenedFile | { refusal: string }> {
  const refusal = litertRefusal(bytes, readTflite(bytes))
  if (refusal !== undefined) return { refusal }
  try {
    const litert = await loadLitert()
    return { runtime: `LiteRT ${litert.version} (WebAssembly)`, threads: 1, predictor: await createLitertPredictor(litert, bytes) }
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'engine-unavailable') return { refusal: error.message }
    throw error
  }
}
