/** predictions.json: the outputs a model gives for the first examples, for whoever wants to compare. */
import type { Split } from '../datasets/dataset.ts'
import { readBatch } from '../engine/evaluate.ts'
import type { BatchArray, Predictor } from '../engine/predict.ts'
import { sizeOf } from '../models/tensor.ts'
import type { JobInput, OutputRecord } from './job-types.ts'

const NAME = 'predictions.json'

type Nested = number | Nested[]

/** Writes `{inputs: n, outputs: [one array of n nested rows per output of the model]}`; nothing when the recipe asks for none. */
export async function writePredictions ({ recipe, folder }: JobInput, predictor: Predictor, report: Split): Promise<OutputRecord[]> {
  const { evaluation } = recipe
  if (evaluation === false || evaluation.predictions === 0) return []
  const inputs = Math.min(evaluation.predictions, report.examples)
  const outputs: Nested[][] = []
  for (let from = 0; from < inputs; from += evaluation.batchSize) {
    const predicted = await predictor.predict(await readBatch(report.features, from, Math.min(inputs, from + evaluation.batchSize)))
    predicted.forEach((output, index) => { (outputs[index] ??= []).push(...nest(output) as Nested[]) })
  }
  const file = await folder.create(NAME)
  try {
    await file.write(0, new TextEncoder().encode(JSON.stringify({ inputs, outputs })))
    return [{ name: NAME, format: 'json', ...await file.finish() }]
  } catch (error) {
    await file.discard()
    throw error
  }
}

/** Row-major values as nested arrays. */
function nest ({ values, shape }: BatchArray): Nested {
  const [size, ...rest] = shape
  if (size === undefined) return values[0]!
  const step = sizeOf(rest)
  return Array.from({ length: size }, (_, index) => nest({ values: values.subarray(index * step, (index + 1) * step), shape: rest }))
}
