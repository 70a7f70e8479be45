/** TensorFlow graphs on TensorFlow, which opens files: each model's lie in a folder of their own while it is loaded. */
import { createGraphPredictor } from '../../engine/tensorflow-graph/predictor.ts'
import { partsOf, sizeRefusal, signatureOf } from './parts.ts'
import type { Runtime, RuntimeInput } from './runtime.ts'

export async function openTensorflowGraph ({ engine, folder, limits }: RuntimeInput): Promise<Runtime> {
  const { tf, info } = await engine()
  return {
    versions: { tensorflow: info.tensorflow, tfjs: info.tfjs },
    info,
    refusal: async (model) => await sizeRefusal(model, limits),
    async load (model, changes) {
      const signature = signatureOf(model)
      const { files } = await partsOf(model, changes)
      return await folder.withFiles(files, async (path) => createGraphPredictor(tf, path, signature))
    },
  }
}
