/** What an ONNX graph takes and gives, as data sets are matched with it; or why examples cannot be run through it. */
import type { Signature } from '../../architecture/types.ts'
import type { NumberType } from '../../tensor.ts'
import { isFloat } from '../file-tensor.ts'
import { lastFunctions } from './last-function.ts'
import type { OnnxNode } from './node-proto.ts'
import type { ValueInfo } from './value-info.ts'
import type { Wire } from '../protobuf/wire.ts'

export interface GraphValues {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  readonly nodes: readonly OnnxNode[]
  /** Those that files of old versions list among the inputs need not be fed. */
  readonly initializers: ReadonlyMap<string, unknown>
}

/** Every input must be a tensor of numbers with an axis for the examples; of the outputs, tensors of fractions are taken. */
export async function readSignature (wire: Wire, { inputs, outputs, nodes, initializers }: GraphValues): Promise<{ signature: Signature } | { problem: string }> {
  const fed = inputs.filter(({ name }) => !initializers.has(name))
  if (fed.length === 0) return { problem: 'the graph has no inputs' }
  const wrong = fed.map(problemOfInput).find((problem) => problem !== undefined)
  if (wrong !== undefined) return { problem: wrong }
  const taken = outputs.filter(isScores)
  if (taken.length === 0) {
    return { problem: `no output of the graph is a tensor of fractions for each example (${outputs.map(described).join(', ') || 'it has none'}); classifiers of scikit-learn give one when they are exported with zipmap off` }
  }
  return {
    signature: {
      inputNames: fed.map(({ name }) => name),
      inputShapes: fed.map(({ shape }) => shape!),
      inputTypes: fed.map(({ type }) => type!),
      outputNames: taken.map(({ name }) => name),
      outputShapes: taken.map(({ shape }) => shape ?? RANK_UNKNOWN),
      ...await lastFunctions(wire, nodes, taken.map(({ name }) => name)),
      channelsFirst: true,
    },
  }
}

/** An open axis says that nothing of the shape can be checked before a model runs. */
const RANK_UNKNOWN = [null, null]

function problemOfInput (input: ValueInfo): string | undefined {
  if (input.type === undefined || !isFed(input.type)) return `the input ${described(input)} takes no numbers of a type that is fed here`
  if (input.shape === undefined) return `the input ${described(input)} has no shape`
  return input.shape.length === 0 ? `the input ${described(input)} has no axis for examples` : undefined
}

function isFed (type: NumberType): boolean {
  return type !== 'bfloat16'
}

function isScores ({ type, shape }: ValueInfo): boolean {
  return type !== undefined && isFloat(type) && isFed(type) && shape?.length !== 0
}

function described ({ name, kind }: ValueInfo): string {
  return `${name}: ${kind}`
}
