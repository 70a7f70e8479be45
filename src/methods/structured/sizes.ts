/** Parameters and multiplications of a model without some of its channels, told from its configuration alone. */
import type { Architecture } from '../../models/architecture/types.ts'
import type { ModelFile } from '../../models/model.ts'
import { reshapedArchitecture } from '../../models/remade.ts'
import { sizeOf } from '../../models/tensor.ts'
import { shrunkConfig, type Cut } from '../../pruning/structure/shrink.ts'

export interface Sizes {
  /** All trainable parameters. */
  readonly params: number
  /** Multiply-accumulates for one example. */
  readonly macs: number
}

export function sizesOfArchitecture ({ layers, graph }: Architecture): Sizes {
  return {
    params: layers.reduce((sum, { weights = [] }) => sum + weights.reduce((own, { shape, trainable }) => own + (trainable ? sizeOf(shape) : 0), 0), 0),
    macs: graph!.nodes.reduce((sum, node) => sum + node.macs, 0),
  }
}

export function sizesAfter (model: ModelFile, cut: Cut): Sizes {
  return sizesOfArchitecture(architectureAfter(model, cut))
}

export function architectureAfter (model: ModelFile, cut: Cut): Architecture {
  return reshapedArchitecture(model, shrunkConfig(model.config, cut))
}
