/** ONNX models on onnxruntime, which opens files: each model's lie in a folder of their own while it is loaded. */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { loadOnnxRuntime } from '../../engine/onnx/library.ts'
import { createOnnxPredictor } from '../../engine/onnx/predictor.ts'
import { partsOf, sizeRefusal, signatureOf } from './parts.ts'
import type { Runtime, RuntimeInput } from './runtime.ts'

export async function openOnnxruntime ({ folder, limits }: RuntimeInput): Promise<Runtime> {
  const ort = await loadOnnxRuntime()
  const threads = limits.threads ?? cpus().length
  const version = ort.env.versions.node ?? 'unknown'
  return {
    versions: { onnxruntime: version },
    info: { device: 'cpu', onnxruntime: version, threads },
    refusal: async (model) => await sizeRefusal(model, limits),
    async load (model, changes) {
      const signature = signatureOf(model)
      const { main, files } = await partsOf(model, changes)
      return await folder.withFiles(files, async (path) => await createOnnxPredictor(ort, join(path, main), signature, { threads }))
    },
  }
}
