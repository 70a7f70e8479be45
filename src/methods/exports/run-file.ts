/** Runs an exported file by the library of its format. */
import { readModel } from '../../models/formats/index.ts'
import type { JobInput } from '../job-types.ts'
import { openRuntime } from '../runtimes/index.ts'
import type { RunFile } from './verify.ts'

/** Of ONNX files. Throws `engine-unavailable` where onnxruntime is not installed, and what loading and running the file throw. */
export function fileRunner (input: JobInput): RunFile {
  return async (source, inputs) => {
    const model = await readModel(source)
    const predictor = await (await openRuntime(input, model)).load(model)
    try {
      return await predictor.predict(inputs)
    } finally {
      predictor.dispose()
    }
  }
}
