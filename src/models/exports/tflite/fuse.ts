/** Puts activations into the operators before them, where TFLite has them fused. */
import type { TfliteModel, TfliteOperator } from './model.ts'
import { ACTIVATION } from './schema.ts'

const FUSING = new Set(['CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED', 'ADD', 'SUB', 'MUL', 'DIV', 'MAX_POOL_2D', 'AVERAGE_POOL_2D'])

/** Where nothing else reads what is between. */
export function fuseActivations (model: TfliteModel): TfliteModel {
  const reads = new Map<number, number>()
  for (const tensor of [...model.operators.flatMap(({ inputs }) => inputs), ...model.outputs]) reads.set(tensor, (reads.get(tensor) ?? 0) + 1)
  const operators: TfliteOperator[] = []
  const made = new Map<number, number>()
  for (const operator of model.operators) {
    const [x] = operator.inputs
    const at = made.get(x!)
    const before = at === undefined ? undefined : operators[at]!
    const isActivation = operator.builtin === 'RELU' || operator.builtin === 'RELU6'
    if (isActivation && before !== undefined && reads.get(x!) === 1 && FUSING.has(before.builtin) && before.options.activation === undefined && isFloat(model, x!)) {
      operators[at!] = { ...before, outputs: operator.outputs, options: { ...before.options, activation: ACTIVATION[operator.builtin as 'RELU'] } }
      made.set(operator.outputs[0]!, at!)
    } else {
      made.set(operator.outputs[0]!, operators.length)
      operators.push(operator)
    }
  }
  return { ...model, operators }
}

function isFloat ({ tensors }: TfliteModel, index: number): boolean {
  return tensors[index]!.type === 'float32'
}
