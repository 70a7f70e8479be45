/** Yes or no, once per example or once per label: cross-entropy, accuracy, precision, recall and IoU. */
import { binaryCrossentropy, cut, type Accumulator, type OutputContext } from './metric.ts'

interface Options { readonly exactMatch: boolean, readonly meanIoU: boolean }

/**
 * Targets are 0 or 1 in the shape of the output. A score counts as yes above 0.5 (logits: above 0). Precision and recall are over all labels;
 * without any yes they are 0, as in Keras. `exactMatch`: share of examples with every label right.
 */
export function createBinary (context: OutputContext, options: Options): Accumulator {
  const limit = cut(context.scores)
  let count = 0; let loss = 0; let exact = 0; let rows = 0
  let truePositives = 0; let falsePositives = 0; let falseNegatives = 0; let trueNegatives = 0

  return {
    update (predictions, targets) {
      for (let at = 0; at < predictions.length; at += context.classes) {
        let wrong = 0
        for (let index = at; index < at + context.classes; index++) {
          const target = targets[index]!
          const yes = predictions[index]! > limit
          loss += binaryCrossentropy(predictions[index]!, target, context.scores)
          if (target > 0.5) { if (yes) truePositives++; else { falseNegatives++; wrong++ } } else if (yes) { falsePositives++; wrong++ } else trueNegatives++
          count++
        }
        if (wrong === 0) exact++
        rows++
      }
    },
    result () {
      return {
        loss: loss / count,
        accuracy: (truePositives + trueNegatives) / count,
        precision: ratio(truePositives, truePositives + falsePositives),
        recall: ratio(truePositives, truePositives + falseNegatives),
        ...(options.exactMatch && { exactMatch: exact / rows }),
        ...(options.meanIoU && { meanIoU: (iou(truePositives, count - trueNegatives) + iou(trueNegatives, count - truePositives)) / 2 }),
      }
    },
  }
}

function ratio (part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}

/** A class that occurs nowhere is wholly right. */
function iou (shared: number, union: number): number {
  return union === 0 ? 1 : shared / union
}
