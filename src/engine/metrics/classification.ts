/** One class of several per example, or per position of an example: cross-entropy, accuracy, top-5 and mean IoU. */
import { EspalierError } from '../../errors.ts'
import { clipProbability, type Accumulator, type OutputContext } from './metric.ts'

/** From this many classes on the share of examples with the right class among the best five says something. */
const TOP5_FROM = 10

interface Options { readonly meanIoU: boolean }

/**
 * Targets are class indices (`sparse`) or rows of one value per class. Loss as Keras' (sparse_)categorical_crossentropy: probabilities are clipped
 * and normalised, logits go through a stable log-softmax. Ties go to the lower class, as in argmax.
 */
export function createClassification (context: OutputContext, options: Options = { meanIoU: false }): Accumulator {
  const { classes, sparse } = context
  const intersections = new Float64Array(classes)
  const predicted = new Float64Array(classes)
  const actual = new Float64Array(classes)
  let rows = 0; let loss = 0; let correct = 0; let top5 = 0

  function row (scores: Float32Array, targets: Float32Array, index: number): void {
    const at = index * classes
    const label = sparse ? classIndex(targets[index]!, classes, index) : argmax(targets, at, classes)
    const best = argmax(scores, at, classes)
    loss += sparse ? crossentropy(scores, at, label, context) : softCrossentropy(scores, at, targets, context)
    if (best === label) { correct++; intersections[label]! += 1 }
    predicted[best]! += 1
    actual[label]! += 1
    if (classes >= TOP5_FROM && rankOf(scores, at, classes, label) < 5) top5++
    rows++
  }

  return {
    update (predictions, targets) {
      const count = predictions.length / classes
      for (let index = 0; index < count; index++) row(predictions, targets, index)
    },
    result () {
      return {
        loss: loss / rows,
        accuracy: correct / rows,
        ...(classes >= TOP5_FROM && { top5: top5 / rows }),
        ...(options.meanIoU && { meanIoU: meanIoU(intersections, predicted, actual) }),
      }
    },
  }
}

function classIndex (value: number, classes: number, row: number): number {
  if (Number.isInteger(value) && value >= 0 && value < classes) return value
  throw new EspalierError('shape-mismatch', `label ${value} (row ${row} of a batch) is not a class: the model has ${classes} outputs, labels go from 0 to ${classes - 1}`, { value, classes })
}

function argmax (values: Float32Array, at: number, count: number): number {
  let best = 0
  for (let index = 1; index < count; index++) if (values[at + index]! > values[at + best]!) best = index
  return best
}

/** How many classes score higher. */
function rankOf (scores: Float32Array, at: number, classes: number, label: number): number {
  let higher = 0
  for (let index = 0; index < classes; index++) if (scores[at + index]! > scores[at + label]!) higher++
  return higher
}

function crossentropy (scores: Float32Array, at: number, label: number, { classes, scores: kind }: OutputContext): number {
  if (kind === 'logits') return logSumExp(scores, at, classes) - scores[at + label]!
  let sum = 0
  for (let index = 0; index < classes; index++) sum += clipProbability(scores[at + index]!)
  return Math.log(sum) - Math.log(clipProbability(scores[at + label]!))
}

function softCrossentropy (scores: Float32Array, at: number, targets: Float32Array, { classes, scores: kind }: OutputContext): number {
  let total = 0
  let sum = 0
  if (kind === 'logits') sum = logSumExp(scores, at, classes)
  else for (let index = 0; index < classes; index++) sum += scores[at + index]!
  for (let index = 0; index < classes; index++) {
    const target = targets[at + index]!
    if (target === 0) continue
    total += target * (kind === 'logits' ? sum - scores[at + index]! : -Math.log(clipProbability(scores[at + index]! / sum)))
  }
  return total
}

function logSumExp (values: Float32Array, at: number, count: number): number {
  const top = values[at + argmax(values, at, count)]!
  let sum = 0
  for (let index = 0; index < count; index++) sum += Math.exp(values[at + index]! - top)
  return top + Math.log(sum)
}

/** Mean over the classes that occur of intersection / union (Keras' MeanIoU). */
function meanIoU (intersections: Float64Array, predicted: Float64Array, actual: Float64Array): number {
  let sum = 0; let occurring = 0
  intersections.forEach((shared, index) => {
    const union = predicted[index]! + actual[index]! - shared
    if (union === 0) return
    sum += shared / union
    occurring++
  })
  return sum / occurring
}
