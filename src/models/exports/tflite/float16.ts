/** Weights as float16, each made float32 again by an operator when the model is loaded. */
import type { TfliteModel } from './model.ts'
import { floatsOf, halvesOf, LARGEST_HALF } from './numbers.ts'
import { isWeight, TfliteRewriter } from './rewrite.ts'

/** Numbers that no float16 holds keep their tensor in float32. */
export function withHalves (model: TfliteModel): TfliteModel {
  const rewriter = new TfliteRewriter(model)
  const wide = new Map<number, number>()
  for (const [index, tensor] of model.tensors.entries()) {
    if (!isWeight(tensor) || tensor.shape.length === 0) continue
    const values = floatsOf(tensor)
    if (values.some((value) => Math.abs(value) > LARGEST_HALF)) continue
    const half = rewriter.push({ name: `${tensor.name}/half`, shape: tensor.shape, type: 'float16', data: halvesOf(values) })
    const { data: _, ...open } = tensor
    wide.set(index, rewriter.push(open))
    rewriter.add('DEQUANTIZE', [half], [wide.get(index)!], 3)
  }
  for (const operator of model.operators) rewriter.operators.push({ ...operator, inputs: operator.inputs.map((input) => wide.get(input) ?? input) })
  return rewriter.done()
}
