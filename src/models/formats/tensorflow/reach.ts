/** What of a graph runs when some of its values are asked for: nodes, and functions with all that is in them. */
import { functionsIn } from './attributes.ts'
import { named, notRun } from './fail.ts'
import type { GraphFunction, TensorGraph } from './graph-def.ts'
import { nodeOfInput, type GraphNode } from './node-def.ts'
import { isRun } from './operations.ts'

export interface Reached {
  /** In the order of the graph; those at which values are fed are not among them. */
  readonly nodes: readonly GraphNode[]
  readonly functions: readonly GraphFunction[]
}

/**
 * All that TensorFlow may run to give `outputs`, where values are fed at the nodes `fed`. Throws `unsupported-layer` where an operation among it is not on the
 * list of those that are run: nothing else of the file ever gets to TensorFlow, so what the list keeps out (files, processes, the network) cannot be run.
 */
export function reach (graph: TensorGraph, outputs: readonly string[], fed: ReadonlySet<string>): Reached {
  const nodes = new Set<GraphNode>()
  const functions = new Map<string, GraphFunction>()
  const open = outputs.map(nodeOfInput)
  const toRead: GraphFunction[] = []
  const take = (node: GraphNode): void => {
    for (const name of calledBy(node, graph)) {
      const called = graph.functions.get(name)
      if (called === undefined) throw notRun(`its graph calls the function ${named(name)}, which it does not have`)
      if (functions.has(name)) continue
      functions.set(name, called)
      toRead.push(called)
    }
  }
  while (open.length > 0) {
    const name = open.pop()!
    if (fed.has(name)) continue
    const node = graph.nodes.get(name)
    if (node === undefined) throw notRun(`its graph refers to the node ${named(name)}, which it does not have`)
    if (nodes.has(node)) continue
    nodes.add(node)
    take(node)
    for (const input of node.inputs) open.push(nodeOfInput(input))
  }
  while (toRead.length > 0) for (const node of toRead.pop()!.nodes.values()) take(node)
  return { nodes: [...graph.nodes.values()].filter((node) => nodes.has(node)), functions: [...functions.values()] }
}

/** A function may be called by its name, in place of an operation. */
function calledBy (node: GraphNode, { functions }: TensorGraph): string[] {
  const names = [...node.attributes.values()].flatMap((attribute) => [...functionsIn(attribute)])
  if (functions.has(node.op)) return [node.op, ...names]
  if (!isRun(node.op)) throw notRun(`its graph has the operation ${named(node.op)} (node ${named(node.name)}), which is not run here; operations are run that are known to compute from their inputs and to do nothing else`)
  return names
}
