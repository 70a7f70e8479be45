/** Why channels that are one number for every input stay. */
import type { GraphNode } from '../../../models/architecture/types.ts'
import type { Structure } from '../couple.ts'
import type { Followed, GivenModel } from './follow.ts'

/** So many channels that a layer makes. */
export interface Stay { readonly layer: string, readonly channels: number, readonly reason: string }

const LAST = 'a layer keeps one channel at least'

/** Of channels that are one number where they are made: counted by layer and reason. */
export function staysOf (model: GivenModel, followed: Followed, { dead, gone }: { readonly dead: ReadonlySet<number>, readonly gone: ReadonlySet<number> }): Stay[] {
  const { structure } = model
  const { makers, sets, values, architecture: { graph, layers } } = structure
  const made = new Set(makers.map(({ labels }) => labels))
  const found = new Map<string, { layer: string, channels: number, reason: string }>()
  const counted = new Set<string>()
  for (const [number, node] of graph!.nodes.entries()) {
    for (const [output, axes] of values[number]!.entries()) {
      for (const [axis, labels] of axes.entries()) {
        const constants = followed.values[number]![output]![axis] ?? null
        if (labels === null || constants === null || !made.has(labels)) continue
        for (const [place, label] of labels.entries()) {
          if (Number.isNaN(constants[place]) || counted.has(String(label))) continue
          counted.add(String(label))
          const root = sets.rootOf(label)
          if (gone.has(root)) continue
          const layer = layers[node.layer]!.path
          const reason = dead.has(root) ? LAST : reasonOf(structure, followed, root)
          const entry = found.get(`${layer}\n${reason}`) ?? { layer, channels: 0, reason }
          entry.channels++
          found.set(`${layer}\n${reason}`, entry)
        }
      }
    }
  }
  return [...found.values()]
}

function reasonOf (structure: Structure, { reads, pinned, values }: Followed, root: number): string {
  const { sets } = structure
  const held = sets.frozenBecause(root) ?? pinned.get(root)
  if (held !== undefined) return held
  const [note] = sets.notesOf(root)
  if (note !== undefined) return `a layer ${note}`
  const lost = lostAt(structure, values, root)
  if (lost !== undefined) return lost
  for (const { layer, labels, constants, foldable } of reads) {
    const place = labels.findIndex((label) => sets.rootOf(label) === root)
    if (place < 0 || constants[place] === 0 || typeof foldable !== 'string') continue
    return Number.isNaN(constants[place]) ? `read by ${layer} where live ones are mixed in` : `read by ${layer} as numbers other than 0, and ${foldable}`
  }
  return 'coupled with live ones'
}

/** The first layer behind which the channel is not one number any more. */
function lostAt ({ architecture: { graph, layers }, sets, values: labels }: Structure, values: Followed['values'], root: number): string | undefined {
  /** Undefined where the value does not have the channel. */
  const isConstant = (node: number, output: number): boolean | undefined => {
    let any: boolean | undefined
    for (const [axis, own] of labels[node]![output]!.entries()) {
      own?.forEach((label, place) => { if (sets.rootOf(label) === root) any = (any ?? true) && !Number.isNaN(values[node]![output]![axis]?.[place] ?? NaN) })
    }
    return any
  }
  const loses = ({ inputs }: GraphNode, number: number): boolean => inputs.some(({ node, output }) => isConstant(node, output) === true) && labels[number]!.some((_, output) => isConstant(number, output) === false)
  const at = graph!.nodes.findIndex(loses)
  if (at < 0) return undefined
  const { layer, inputs } = graph!.nodes[at]!
  const { path } = layers[layer]!
  return inputs.length > 1 ? `coupled with live ones through ${path}` : `not one number any more behind ${path}`
}
