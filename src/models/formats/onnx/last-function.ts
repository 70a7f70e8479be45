/** The last function before an output of an ONNX graph, which tells probabilities from scores without bounds. */
import type { LastActivation, Signature } from '../../architecture/types.ts'
import { readIntegers, type OnnxNode } from './node-proto.ts'
import type { Wire } from '../protobuf/wire.ts'

const FUNCTIONS: Readonly<Record<string, LastActivation>> = { Softmax: 'softmax', LogSoftmax: 'log-softmax', Sigmoid: 'sigmoid' }

/** Operators that only move values about, or store them in another type. */
const PASSIVE = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Transpose', 'Identity', 'Cast', 'Dropout'])

/** Of each output; `classAxes` has the axis along which a softmax that is the output's own node runs, where the node says so. */
export async function lastFunctions (wire: Wire, nodes: readonly OnnxNode[], outputs: readonly string[]): Promise<Pick<Signature, 'activations' | 'classAxes'>> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const [activations, classAxes]: [LastActivation[], Array<number | null>] = [[], []]
  for (const output of outputs) {
    const node = lastOf(makers, output)
    const activation = node === undefined || node.domain !== '' ? undefined : FUNCTIONS[node.operator]
    activations.push(activation ?? 'other')
    const own = activation !== undefined && activation !== 'sigmoid' && makers.get(output) === node
    classAxes.push(own ? (await readIntegers(wire, node!)).get('axis') ?? null : null)
  }
  return { activations, classAxes }
}

/** Follows first inputs through what is passive; a graph with a cycle has no such node. */
function lastOf (makers: ReadonlyMap<string, OnnxNode>, output: string): OnnxNode | undefined {
  let node = makers.get(output)
  for (let steps = 0; node !== undefined && steps < makers.size; steps++) {
    if (node.domain !== '' || !PASSIVE.has(node.operator)) return node
    node = makers.get(node.inputs[0] ?? '')
  }
  return undefined
}
