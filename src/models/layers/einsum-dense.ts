/** EinsumDense: a product with a kernel by an equation. Source: keras.layers.EinsumDense. */
import { isRecord } from '../json.ts'
import type { SymbolicShape } from '../tensor.ts'
import { parseActivation, type Activation } from './activations.ts'
import { einsumMacs, explicit, parseEquation, REST, type Equation } from './einsum.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { LAYOUTS } from './layouts.ts'
import { ConfigReader } from './reader.ts'
import { misfit, onlyInput, shapeText, type Size } from './shapes.ts'
import { kept, kernel } from './weights.ts'

export interface EinsumDenseConfig {
  readonly equation: Equation
  /** Sizes of the output's labels behind the batch, those of `...` left out; null: as in the input. */
  readonly outputShape: SymbolicShape
  /** Labels of the output that have a bias of their own; null: no bias. */
  readonly biasLabels: string | null
  readonly activation: Activation
}

export const einsumDense: LayerType<EinsumDenseConfig> = layerType({
  classNames: ['EinsumDense'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    const { equation: text, output_shape: shape, bias_axes: bias = null } = config
    const equation = typeof text === 'string' ? parseEquation(text) : undefined
    if (equation === undefined || equation.operands.length !== 2 || equation.operands[1]!.includes(REST)) throw reader.wrong('equation', 'an equation such as "abc,cd->abd"')
    const sizes: unknown[] = Array.isArray(shape) ? shape : [shape]
    if (!sizes.every((size) => size === null || (Number.isSafeInteger(size) && (size as number) > 0))) throw reader.wrong('output_shape', 'a size or a list of sizes')
    if (bias !== null && (typeof bias !== 'string' || ![...bias].every((label) => equation.output.includes(label)))) throw reader.wrong('bias_axes', 'labels of the output')
    if (config.lora_rank !== undefined && config.lora_rank !== null) throw reader.unsupported('with lora_rank')
    if (isRecord(config.quantization_config)) throw reader.unsupported('with quantised weights')
    return { equation, outputShape: sizes as SymbolicShape, biasLabels: bias === '' ? null : bias, activation: parseActivation(config, where) }
  },
  weights (c, shapes) {
    const { equation, sizes } = labelled(c, onlyInput(shapes))
    const labels = equation.operands[1]!
    const known = (label: string): number => {
      const size = sizes.get(label)
      if (size === null || size === undefined) throw misfit(`the size of "${label}" in its equation must be known`)
      return size
    }
    const axes = LAYOUTS.EinsumDense.kernel(labels, equation.output)
    const { biasLabels } = c
    const from = biasLabels === null ? 0 : equation.output.findIndex((label) => biasLabels.includes(label))
    const biasShape = biasLabels === null ? undefined : equation.output.slice(from).map((label) => biasLabels.includes(label) ? known(label) : 1)
    return [kernel('kernel', labels.map(known), axes), ...biasShape === undefined ? [] : [kept('bias', biasShape, 'bias')]]
  },
  outputShape (c, shapes) {
    const { equation, sizes } = labelled(c, onlyInput(shapes))
    return equation.output.map((label) => sizes.get(label)!)
  },
  macs (c, shapes) {
    const { equation, sizes } = labelled(c, onlyInput(shapes))
    return einsumMacs(equation, [onlyInput(shapes), equation.operands[1]!.map((label) => sizes.get(label)!)])
  },
})

/** The equation with the axes that `...` covers named, and the sizes of all labels. */
function labelled ({ equation, outputShape }: EinsumDenseConfig, shape: SymbolicShape): { equation: Equation, sizes: ReadonlyMap<string, Size> } {
  const full = explicit(equation, [shape.length, equation.operands[1]!.length])
  const sizes = new Map<string, Size>(full.operands[0]!.map((label, axis) => [label, shape[axis]!]))
  const named = equation.output.filter((label) => label !== REST)
  // The batch is not told, unless `...` stands for it.
  const told = equation.output[0] === REST ? named : named.slice(1)
  if (told.length !== outputShape.length) throw misfit(`its output_shape ${shapeText(outputShape)} does not fit its equation, which has ${told.length} axes of its own in the output`)
  for (const [index, label] of told.entries()) {
    const [size, known] = [outputShape[index]!, sizes.get(label)]
    if (size !== null && known !== undefined && known !== null && known !== size) throw misfit(`its input ${shapeText(shape)} does not fit its output_shape ${shapeText(outputShape)}`)
    sizes.set(label, size ?? known ?? null)
  }
  return { equation: full, sizes }
}
