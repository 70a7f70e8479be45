/** Layer graphs on TensorFlow. */
import { createPredictor } from '../../engine/predict.ts'
import type { Runtime, RuntimeInput } from './runtime.ts'

export async function openTensorflow ({ engine }: RuntimeInput): Promise<Runtime> {
  const { tf, info } = await engine()
  return { versions: { tensorflow: info.tensorflow, tfjs: info.tfjs }, info, load: async (model, changes) => await createPredictor(tf, model, changes) }
}
