/** Class weights as weights of examples. Source: keras class_weight_to_sample_weights. */
import { EspalierError } from '../../errors.ts'
import { sizeOf } from '../../models/tensor.ts'
import type { TrainingData } from './data.ts'

/**
 * The data with each example's weight times that of its class: the class index, or the largest of one value per class. Classes that are not named weigh
 * 1. Throws `invalid-recipe` where the targets are no classes or a name is no class index.
 */
export function weighClasses (data: TrainingData, classWeights: Readonly<Record<string, number>>): TrainingData {
  const wrong = Object.keys(classWeights).find((name) => !/^\d+$/.test(name))
  if (wrong !== undefined) throw new EspalierError('invalid-recipe', `classWeights names "${wrong}", it takes class indices: 0, 1, ...`)
  const [target] = data.targets
  const size = target === undefined ? 0 : sizeOf(target.shape)
  if (data.targets.length !== 1 || target!.shape.length > 1) throw new EspalierError('invalid-recipe', 'classWeights needs one output with one class for each example')
  const classOf = (example: number): number => {
    const row = target!.values.subarray(example * size, (example + 1) * size)
    return size === 1 ? row[0]! : row.indexOf(Math.max(...row))
  }
  const weights = Float32Array.from({ length: data.examples }, (_, example) => (classWeights[classOf(example)] ?? 1) * (data.weights?.[example] ?? 1))
  return { ...data, weights }
}
