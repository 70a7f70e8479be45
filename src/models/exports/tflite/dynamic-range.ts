/** Weights as int8, activations in float32 that the kernels quantize as they come. Source: TFLite's dynamic range quantization. */
import type { TfliteModel, TfliteTensor } from './model.ts'
import { floatsOf, quantizeWeights } from './numbers.ts'
import { isWeight, TfliteRewriter } from './rewrite.ts'

/** Operators whose kernels take int8 weights beside float32 inputs: the axis of those that has a scale for each place. */
const HYBRID: Readonly<Record<string, { readonly axis: number | null, readonly version: number }>> = {
  CONV_2D: { axis: 0, version: 5 },
  DEPTHWISE_CONV_2D: { axis: 3, version: 6 },
  FULLY_CONNECTED: { axis: null, version: 9 },
}

/** Which of their inputs. */
const WEIGHTS = 1

/** Smaller weights save nothing and cost exactness. Source: TFLite's converter, minimum_elements_for_weights. */
const LEAST_ELEMENTS = 1024

/** Weights of other operators become float32 again by an operator of their own. */
export function withDynamicRange (model: TfliteModel): TfliteModel {
  const rewriter = new TfliteRewriter(model)
  const hybrid = new Map<string, number>()
  const wide = new Map<number, number>()
  const narrow = (tensor: TfliteTensor, axis: number | null): number => {
    const { data, quantization } = quantizeWeights(floatsOf(tensor), tensor.shape, axis)
    return rewriter.push({ name: tensor.name, shape: tensor.shape, type: 'int8', data, quantization })
  }
  const openOf = (index: number): number => {
    const known = wide.get(index)
    if (known !== undefined) return known
    const { data: _, ...open } = model.tensors[index]!
    const made = rewriter.push({ ...open, name: `${open.name}/float` })
    rewriter.add('DEQUANTIZE', [narrow(model.tensors[index]!, null)], [made], 2)
    wide.set(index, made)
    return made
  }
  const isLarge = (index: number): boolean => index >= 0 && isWeight(model.tensors[index]!) && model.tensors[index]!.data!.length / 4 >= LEAST_ELEMENTS
  for (const operator of model.operators) {
    const rule = HYBRID[operator.builtin]
    const inputs = operator.inputs.map((index, place) => {
      if (!isLarge(index) || model.tensors[index]!.shape.length < 2) return index
      if (rule === undefined || place !== WEIGHTS) return openOf(index)
      const key = `${index} ${rule.axis}`
      if (!hybrid.has(key)) hybrid.set(key, narrow(model.tensors[index]!, rule.axis))
      return hybrid.get(key)!
    })
    const isHybrid = rule !== undefined && rewriter.tensors[inputs[WEIGHTS]!]!.type === 'int8'
    rewriter.operators.push(isHybrid
      ? { ...operator, inputs, version: rule.version, ...operator.builtin === 'FULLY_CONNECTED' && { options: { ...operator.options, asymmetricInputs: true } } }
      : { ...operator, inputs })
  }
  return rewriter.done()
}
