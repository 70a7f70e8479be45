/** What an operation has to say about channels. */
import type { Json } from '../../../../models/json.ts'
import type { SymbolicShape } from '../../../../models/tensor.ts'
import type { Operand } from '../../axis-labels.ts'
import type { ChannelSets, Labels, ValueLabels } from '../../channels.ts'
import type { Resized } from '../../rule.ts'

export interface Operating<S> {
  readonly settings: S
  /** In order, numbers of the configuration among them, which have no labels. */
  readonly operands: readonly Operand[]
  readonly outputShapes: readonly SymbolicShape[]
  readonly sets: ChannelSets
  frozen (size: number, reason: string): Labels
}

export interface OperationRule<S> {
  couple (operating: Operating<S>): ValueLabels[]
  /** `settings`: as they were. */
  resize? (entry: Json, resized: Resized, settings: S): Json
}

/** Of an operation through which no channel can be followed. */
export function refused (reason: string): OperationRule<unknown> {
  return {
    couple ({ operands, outputShapes, sets }) {
      for (const { labels } of operands) for (const axis of labels) sets.freeze(axis, reason)
      return outputShapes.map((shape) => shape.map(() => null))
    },
  }
}
