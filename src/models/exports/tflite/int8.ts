/** Everything as int8: weights with a scale for each channel, activations with ranges seen on data, biases as int32. Source: TFLite's 8-bit quantization specification. */
import type { Quantization, TfliteModel, TfliteOperator, TfliteTensor } from './model.ts'
import { floatsOf, quantizationOf, quantizeBias, quantizeWeights, type Range } from './numbers.ts'
import { isWeight, TfliteRewriter } from './rewrite.ts'
import type { BuiltinName } from './schema.ts'

/** By name of the activation, as the graph has it. */
export type Ranges = ReadonlyMap<string, Range>

interface Rule {
  readonly version: number
  /** The axis of the weights that has a scale for each place; null: one for all. */
  readonly weights?: number | null
  /** Input and output have one scale. */
  readonly same?: true
  /** Of the output, whatever it is given. */
  readonly fixed?: Quantization
}

const PROBABILITY: Quantization = { scales: [1 / 256], zeroPoints: [-128], axis: 0 }

/** Operators that compute in int8. All others are given floats, and give floats. */
const RULES: { readonly [Name in BuiltinName]?: Rule } = {
  CONV_2D: { version: 3, weights: 0 },
  DEPTHWISE_CONV_2D: { version: 3, weights: 3 },
  FULLY_CONNECTED: { version: 4, weights: null },
  ADD: { version: 2 },
  SUB: { version: 2 },
  MUL: { version: 2 },
  MEAN: { version: 2 },
  RELU: { version: 2 },
  RELU6: { version: 2 },
  LEAKY_RELU: { version: 2 },
  AVERAGE_POOL_2D: { version: 2, same: true },
  MAX_POOL_2D: { version: 2, same: true },
  RESHAPE: { version: 1, same: true },
  TRANSPOSE: { version: 2, same: true },
  PAD: { version: 2, same: true },
  STRIDED_SLICE: { version: 2, same: true },
  CONCATENATION: { version: 2, same: true },
  SOFTMAX: { version: 2, fixed: PROBABILITY },
  LOGISTIC: { version: 2, fixed: PROBABILITY },
  TANH: { version: 2, fixed: { scales: [1 / 128], zeroPoints: [0], axis: 0 } },
}

/** Inputs and outputs are int8 too. `ranges` names every activation. */
export function withInt8 (model: TfliteModel, ranges: Ranges): TfliteModel {
  const rewriter = new TfliteRewriter(model)
  /** Both forms of an activation, by its number in the given model. */
  const narrow = new Map<number, number>()
  const wide = new Map<number, number>()
  const quantizationFor = (index: number): Quantization => quantizationOf(rangeOf(ranges, model.tensors[index]!))

  const narrowed = (index: number, quantization = quantizationFor(index)): number => {
    const made = rewriter.push({ ...model.tensors[index]!, type: 'int8', quantization })
    narrow.set(index, made)
    return made
  }
  const inInt8 = (index: number): number => {
    const known = narrow.get(index)
    if (known !== undefined) return known
    const tensor = model.tensors[index]!
    if (isWeight(tensor)) return constantInt8(index, tensor)
    const made = narrowed(index)
    rewriter.add('QUANTIZE', [wide.get(index)!], [made])
    return made
  }
  const constantInt8 = (index: number, tensor: TfliteTensor): number => {
    const values = floatsOf(tensor)
    const quantization = quantizationOf({ min: values.reduce((a, b) => Math.min(a, b), 0), max: values.reduce((a, b) => Math.max(a, b), 0) })
    const [scale, zero] = [quantization.scales[0]!, quantization.zeroPoints[0]!]
    const data = new Uint8Array(Int8Array.from(values, (value) => Math.min(127, Math.max(-128, Math.round(value / scale) + zero))).buffer)
    const made = rewriter.push({ ...tensor, type: 'int8', data, quantization })
    narrow.set(index, made)
    return made
  }
  const inFloat = (index: number): number => {
    const tensor = model.tensors[index]
    if (tensor === undefined || tensor.type !== 'float32' || tensor.data !== undefined) return index
    const known = wide.get(index)
    if (known !== undefined) return known
    rewriter.add('DEQUANTIZE', [narrow.get(index)!], [index], 2)
    wide.set(index, index)
    return index
  }
  const scaleOf = (index: number): Quantization => rewriter.tensors[index]!.quantization!
  const weighted = (operator: TfliteOperator, axis: number | null): number[] => {
    const [x, weights, bias] = operator.inputs as [number, number, number]
    const input = inInt8(x)
    const kernel = model.tensors[weights]!
    const quantized = quantizeWeights(floatsOf(kernel), kernel.shape, axis)
    const steps = quantized.quantization.scales.map((scale) => scale * scaleOf(input).scales[0]!)
    const added = model.tensors[bias]!
    return [
      input, rewriter.push({ ...kernel, type: 'int8', ...quantized }),
      rewriter.push({ ...added, name: `${kernel.name}/bias`, type: 'int32', ...quantizeBias(floatsOf(added), steps) }),
    ]
  }
  /** To the scale of the output, where all must have one. */
  const rescaled = (index: number, quantization: Quantization): number => {
    const given = inInt8(index)
    if (isSame(scaleOf(given), quantization)) return given
    const made = rewriter.push({ ...rewriter.tensors[given]!, name: `${rewriter.tensors[given]!.name}/rescaled`, quantization })
    rewriter.add('QUANTIZE', [given], [made], 2)
    return made
  }

  const inputs = model.inputs.map((index) => narrowed(index))
  for (const operator of model.operators) {
    const rule = RULES[operator.builtin]
    const [output] = operator.outputs as [number]
    if (rule === undefined || !isFit(model, operator)) {
      const given = operator.inputs.map(inFloat)
      rewriter.operators.push({ ...operator, inputs: given })
      for (const one of operator.outputs) if (model.tensors[one]!.type === 'float32') wide.set(one, one)
      continue
    }
    const isActivation = (index: number) => index >= 0 && model.tensors[index]!.type === 'float32'
    const many = rule.same === true && operator.inputs.filter(isActivation).length > 1
    const one = rule.fixed ?? (rule.same === true && !many ? scaleOf(inInt8(operator.inputs.find(isActivation)!)) : quantizationFor(output))
    const given = rule.weights !== undefined ? weighted(operator, rule.weights) : operator.inputs.map((index) => !isActivation(index) ? index : many ? rescaled(index, one) : inInt8(index))
    rewriter.operators.push({ ...operator, inputs: given, outputs: [narrowed(output, one)], version: rule.version })
  }
  return rewriter.done({ inputs, outputs: model.outputs.map(inInt8) })
}

/** Are its weights constants, and the rest activations? */
function isFit ({ tensors }: TfliteModel, { builtin, inputs, outputs }: TfliteOperator): boolean {
  if (tensors[outputs[0]!]!.type !== 'float32') return false
  if (RULES[builtin]!.weights === undefined) return true
  const [x, weights, bias] = inputs as [number, number, number]
  return isWeight(tensors[weights]!) && isWeight(tensors[bias]!) && tensors[x]!.data === undefined
}

function rangeOf (ranges: Ranges, { name }: TfliteTensor): Range {
  return ranges.get(name) ?? { min: 0, max: 0 }
}

function isSame (a: Quantization, b: Quantization): boolean {
  return a.scales[0] === b.scales[0] && a.zeroPoints[0] === b.zeroPoints[0]
}
