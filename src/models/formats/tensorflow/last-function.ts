/** The last function before an output of a TensorFlow graph, which tells probabilities from scores without bounds. */
import type { LastActivation } from '../../architecture/types.ts'
import { functionsIn } from './attributes.ts'
import type { GraphFunction, TensorGraph } from './graph-def.ts'
import { valueOfInput, type GraphNode } from './node-def.ts'

const FUNCTIONS: ReadonlyMap<string, LastActivation> = new Map([['Softmax', 'softmax'], ['LogSoftmax', 'log-softmax'], ['Sigmoid', 'sigmoid']])

/** Operations that only move values about, or store them in another type. */
const PASSIVE = new Set(['Identity', 'StopGradient', 'PreventGradient', 'Snapshot', 'EnsureShape', 'Reshape', 'Squeeze', 'ExpandDims', 'Transpose', 'Cast'])

const CALLS = new Set(['PartitionedCall', 'StatefulPartitionedCall'])

/** Nodes that are followed at most; graphs of a file may have cycles. */
const MAX_STEPS = 256

/** Follows first inputs through what is passive, and into functions. `value` names a value as inputs of nodes do. */
export function lastFunction (graph: TensorGraph, value: string): LastActivation {
  let [nodes, at] = [graph.nodes, valueOfInput(value)]
  for (let steps = 0; at !== undefined && steps < MAX_STEPS; steps++) {
    const node = nodes.get(at.node)
    if (node === undefined) return 'other'
    const known = FUNCTIONS.get(node.op)
    if (known !== undefined) return known
    const called = functionOf(graph, node)
    if (called !== undefined) {
      nodes = called.nodes
      at = valueOfInput(called.results[at.output] ?? '')
    } else if (PASSIVE.has(node.op)) {
      at = valueOfInput(node.inputs[0] ?? '')
    } else {
      return 'other'
    }
  }
  return 'other'
}

/** What the node calls, when it is a call. */
export function functionOf ({ functions }: TensorGraph, node: GraphNode): GraphFunction | undefined {
  if (functions.has(node.op)) return functions.get(node.op)
  const attribute = CALLS.has(node.op) ? node.attributes.get('f') : undefined
  const [name] = attribute === undefined ? [] : [...functionsIn(attribute)]
  return name === undefined ? undefined : functions.get(name)
}
