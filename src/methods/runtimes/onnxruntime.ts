/** ONNX models on onnxruntime, which opens files: each model's lie in a folder of their own while it is loaded. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { loadOnnxRuntime } from '../../engine/onnx/library.ts'
import { createOnnxPredictor } from '../../engine/onnx/predictor.ts'
import { EspalierError } from '../../errors.ts'
import { MODEL_FORMATS, type ModelFormat, type ModelParts } from '../../models/formats/index.ts'
import type { ModelFile, HeldChanges } from '../../models/model.ts'
import type { JobInput } from '../job-types.ts'
import type { Runtime } from './runtime.ts'

const UNCHANGED: HeldChanges = new Map()

export async function openOnnxruntime ({ folder, limits }: JobInput): Promise<Runtime> {
  const ort = await loadOnnxRuntime()
  const threads = limits.threads ?? cpus().length
  const version = ort.env.versions.node ?? 'unknown'
  return {
    versions: { onnxruntime: version },
    info: { device: 'cpu', onnxruntime: version, threads },
    async refusal (model) {
      const bytes = (await partsOf(model)).files.reduce((sum, file) => sum + file.bytes, 0)
      const limit = limits.modelBytes ?? Infinity
      return bytes > limit ? `the model has ${bytes} bytes, models of at most ${limit} are run, as up to three of them are in memory at once` : undefined
    },
    async load (model, changes) {
      const { signature, problem } = model.architecture
      if (signature === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${problem ?? 'it does not say what it takes'}`)
      const { main, files } = await partsOf(model, changes)
      return await folder.withFiles(files, async (path) => await createOnnxPredictor(ort, join(path, main), signature, { threads }))
    },
  }
}

async function partsOf (model: ModelFile, changes: HeldChanges = UNCHANGED): Promise<ModelParts> {
  const { parts }: ModelFormat = MODEL_FORMATS[model.format]
  if (parts === undefined) throw new EspalierError('internal', `onnxruntime was given a ${model.format} model`)
  return await parts(model, changes)
}
