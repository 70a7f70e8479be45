/** Which layer alone reads what another gives: there, something can be told of a layer's channels by the next one. */
import type { Architecture, ArchitectureLayer } from './types.ts'

/** By path: the one layer that reads the output of a layer. Both are applied once, and the output is none of the model's. */
export function onlyReaders ({ graph, layers }: Architecture): Map<string, ArchitectureLayer> {
  const found = new Map<string, ArchitectureLayer>()
  if (graph === undefined) return found
  const applied = new Map<number, number>()
  const readers = new Map<number, Set<number>>()
  for (const [index, { layer, inputs }] of graph.nodes.entries()) {
    applied.set(layer, (applied.get(layer) ?? 0) + 1)
    for (const { node } of inputs) readers.set(node, (readers.get(node) ?? new Set()).add(index))
  }
  const outputs = new Set(graph.outputs.map(({ node }) => node))
  for (const [index, { layer }] of graph.nodes.entries()) {
    const [reader, ...others] = readers.get(index) ?? []
    if (reader === undefined || others.length > 0 || outputs.has(index) || applied.get(layer)! > 1) continue
    const next = graph.nodes[reader]!.layer
    if (applied.get(next) === 1) found.set(layers[layer]!.path, layers[next]!)
  }
  return found
}
