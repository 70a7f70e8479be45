/** Which nodes of a graph take which constants, also by way of nodes that hand them on. */
import type { GraphNode } from './graph-def.ts'

/** A constant as input number `input` of a node. */
export interface Use {
  readonly node: GraphNode
  readonly input: number
  /** Has it the axes in which it is stored? */
  readonly isAsStored: boolean
}

/** Their first input is their output. A loop takes what does not change in it through Enter. */
const HANDED_ON: ReadonlySet<string> = new Set(['Identity', 'Enter', 'StopGradient', 'Snapshot', 'PreventGradient', 'EnsureShape', 'Cast'])

/** The same numbers in the same order, with other axes. */
const RESHAPED: ReadonlySet<string> = new Set(['Reshape', 'ExpandDims', 'Squeeze'])

const CONSTANT = 'Const'

interface Origin { readonly constant: string, readonly isAsStored: boolean }

/** The uses of each constant by its name, in the order of the nodes. */
export function usesOf (nodes: readonly GraphNode[]): Map<string, Use[]> {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const origins = new Map<string, Origin | null>()
  const uses = new Map<string, Use[]>()
  for (const node of nodes) {
    for (const [input, name] of node.inputs.entries()) {
      if (input === 0 && isPassage(node)) continue
      const origin = originOf(name, byName, origins)
      if (origin === null) continue
      const found = uses.get(origin.constant) ?? []
      found.push({ node, input, isAsStored: origin.isAsStored })
      uses.set(origin.constant, found)
    }
  }
  return uses
}

function isPassage ({ op }: GraphNode): boolean {
  return HANDED_ON.has(op) || RESHAPED.has(op)
}

/** The constant a node hands on; null when it computes something, or hands itself on. A loop, as chains may be long; each node is looked at once. */
function originOf (start: string, byName: ReadonlyMap<string, GraphNode>, origins: Map<string, Origin | null>): Origin | null {
  const way: GraphNode[] = []
  const seen = new Set<string>()
  let origin: Origin | null = null
  for (let name: string | undefined = start; name !== undefined && !seen.has(name);) {
    seen.add(name)
    const known = origins.get(name)
    const node = byName.get(name)
    if (known !== undefined || node === undefined || !isPassage(node)) {
      origin = known ?? (node?.op === CONSTANT ? { constant: node.name, isAsStored: true } : null)
      break
    }
    way.push(node)
    name = node.inputs[0]
  }
  for (const node of way.reverse()) {
    origin = origin && { ...origin, isAsStored: origin.isAsStored && !RESHAPED.has(node.op) }
    origins.set(node.name, origin)
  }
  return origin
}
