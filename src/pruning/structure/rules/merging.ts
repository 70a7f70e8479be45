/** Channels of layers that make one value of several. */
import type { ConcatenateConfig } from '../../../models/layers/merging.ts'
import { frontAxis } from '../../../models/layers/shapes.ts'
import { concatLabels, joinBroadcast } from '../axis-labels.ts'
import type { StructureRule } from '../rule.ts'

/** Values of lower rank get axes of size 1 behind the batch. */
export const merging: StructureRule<unknown> = {
  couple ({ inputs, inputShapes, outputShapes: [output], sets }) {
    const operands = inputs.map((labels, index) => {
      const shape = inputShapes[index]!
      const missing = output!.length - shape.length
      return { labels: [labels[0]!, ...new Array<null>(missing).fill(null), ...labels.slice(1)], shape: [shape[0]!, ...new Array<number>(missing).fill(1), ...shape.slice(1)] }
    })
    return [joinBroadcast(sets, operands, output!)]
  },
}

export const concatenate: StructureRule<ConcatenateConfig> = {
  couple: ({ c, inputs, inputShapes, sets, frozen }) => [concatLabels(sets, inputs.map((labels, index) => ({ labels, shape: inputShapes[index]! })), frontAxis(c.axis, inputShapes[0]!.length),
    (count) => frozen(count, 'it stands beside channels and stays as it is'))],
}
