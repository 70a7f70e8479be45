/** Evaluation alone: nothing is pruned; the receipt's figures are the result. */
import { METHOD_RULES } from '../../pruning/method-rules.ts'
import { planPruning } from '../../pruning/plan.ts'
import type { PrunedTensor } from '../../pruning/prune.ts'
import { countZeros } from '../../pruning/sparse.ts'
import type { MethodResult, StaticContext, StaticMethod } from '../method.ts'
import { layerRows } from '../layer-rows.ts'

export const evaluate = {
  name: 'evaluate',
  kind: 'static',
  description: METHOD_RULES.evaluate.description,
  writesModel: false,
  run: countedAsIs,
} as const satisfies StaticMethod

/** The weights as they are, counted. */
export async function countedAsIs ({ model, recipe }: StaticContext): Promise<MethodResult> {
  const plan = planPruning(model.layers, recipe)
  const tensors = new Map(model.layers.flatMap(({ weights }) => weights.map(({ tensor }) => [tensor.key, tensor])))
  const counted: PrunedTensor[] = []
  for (const { key, name, layer, weights } of plan.prune) {
    let zeros = 0
    for await (const values of tensors.get(key)!.chunks()) zeros += countZeros(values)
    counted.push({ name, layer, weights, asked: null, zerosBefore: zeros, zeros, threshold: null })
  }
  const sum = (of: (tensor: PrunedTensor) => number): number => counted.reduce((total, tensor) => total + of(tensor), 0)
  const zeros = sum((tensor) => tensor.zeros)
  return {
    changes: new Map(),
    layers: await layerRows(model, plan, counted, tensors),
    pool: { weights: sum((tensor) => tensor.weights), zerosBefore: zeros, zeros },
    competed: counted.map(({ name }) => name),
    threshold: null,
  }
}
