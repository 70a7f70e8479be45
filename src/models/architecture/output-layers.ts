/** The layers whose outputs are the model's: their channels are what the model answers, and none of them can be taken away. */
import type { Architecture } from './types.ts'

/** Paths of the last layers with weights before each output; layers without weights between them and the output only change the form of their values. */
export function outputLayers ({ graph, layers }: Architecture): Set<string> {
  const found = new Set<string>()
  if (graph === undefined) return found
  const seen = new Set<number>()
  const visit = (node: number): void => {
    if (seen.has(node)) return
    seen.add(node)
    const { layer, inputs } = graph.nodes[node]!
    if ((layers[layer]!.weights ?? []).length > 0) found.add(layers[layer]!.path)
    else for (const ref of inputs) visit(ref.node)
  }
  for (const { node } of graph.outputs) visit(node)
  return found
}
