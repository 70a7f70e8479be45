/** The table of runtimes: one line each. Which one runs a model is said in the table of formats. */
import { MODEL_FORMATS, type ModelFormat } from '../../models/formats/index.ts'
import type { ModelFile } from '../../models/model.ts'
import { openOnnxruntime } from './onnxruntime.ts'
import type { Runtime, RuntimeInput } from './runtime.ts'
import { openTensorflowGraph } from './tensorflow-graph.ts'
import { openTensorflow } from './tensorflow.ts'

export type { Runtime } from './runtime.ts'

const RUNTIMES = {
  tensorflow: openTensorflow,
  onnxruntime: openOnnxruntime,
  'tensorflow-graph': openTensorflowGraph,
} as const satisfies Record<string, (input: RuntimeInput) => Promise<Runtime>>

/** Throws `engine-unavailable` when the library cannot be loaded. */
export async function openRuntime (input: RuntimeInput, { format }: ModelFile): Promise<Runtime> {
  const { runtime }: ModelFormat = MODEL_FORMATS[format]
  return await RUNTIMES[runtime ?? 'tensorflow'](input)
}
