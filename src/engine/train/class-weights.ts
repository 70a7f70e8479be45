/** Class weights as weights of examples. Source: keras class_weight_to_sample_weights. */
import { EspalierError } from '../../errors.ts'
import { sizeOf } from '../../models/tensor.ts'
import { rowsOf, type StreamedData, type TrainingData } from './data.ts'

/** Targets that are looked at in one go. */
const ROWS_AT_ONCE = 1 << 14

/**
 * The data with each example's weight times that of its class: the class index, or the largest of one value per class. Classes that are not named weigh
 * 1. Throws `invalid-recipe` where the targets are no classes or a name is no class index.
 */
export async function weighClasses<D extends TrainingData | StreamedData> (data: D, classWeights: Readonly<Record<string, number>>): Promise<D> {
  const wrong = Object.keys(classWeights).find((name) => !/^\d+$/.test(name))
  if (wrong !== undefined) throw new EspalierError('invalid-recipe', `classWeights names "${wrong}", it takes class indices: 0, 1, ...`)
  const [target] = data.targets
  if (target === undefined || data.targets.length !== 1 || target.shape.length > 1) throw new EspalierError('invalid-recipe', 'classWeights needs one output with one class for each example')
  const size = sizeOf(target.shape)
  const weights = new Float32Array(data.examples)
  for (let from = 0; from < data.examples; from += ROWS_AT_ONCE) {
    const to = Math.min(data.examples, from + ROWS_AT_ONCE)
    const values = await rowsOf(target, from, to)
    for (let example = from; example < to; example++) {
      const row = values.subarray((example - from) * size, (example - from + 1) * size)
      const index = size === 1 ? row[0]! : row.indexOf(Math.max(...row))
      weights[example] = (classWeights[index] ?? 1) * (data.weights?.[example] ?? 1)
    }
  }
  return { ...data, weights }
}
