/** Why channels that are one number for every input stay. */
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
  const counted = new Set<number>()
  const lost = losses(structure, followed.values)
  for (const [number, node] of graph!.nodes.entries()) {
    for (const [output, axes] of values[number]!.entries()) {
      for (const [axis, labels] of axes.entries()) {
        const constants = followed.values[number]![output]![axis] ?? null
        if (labels === null || constants === null || !made.has(labels)) continue
        for (const [place, label] of labels.entries()) {
          if (Number.isNaN(constants[place]) || counted.has(label)) continue
          counted.add(label)
          const root = sets.rootOf(label)
          if (gone.has(root)) continue
          const layer = layers[node.layer]!.path
          const reason = dead.has(root) ? LAST : reasonOf(structure, followed, root, lost.get(root))
          const entry = found.get(`${layer}\n${reason}`) ?? { layer, channels: 0, reason }
          entry.channels++
          found.set(`${layer}\n${reason}`, entry)
        }
      }
    }
  }
  return [...found.values()]
}

function reasonOf ({ sets }: Structure, { reads, pinned }: Followed, root: number, lost: string | undefined): string {
  const held = sets.frozenBecause(root) ?? pinned.get(root)
  if (held !== undefined) return held
  const [note] = sets.notesOf(root)
  if (note !== undefined) return `a layer ${note}`
  if (lost !== undefined) return lost
  for (const { layer, labels, constants, foldable } of reads) {
    const place = labels.findIndex((label) => sets.rootOf(label) === root)
    if (place < 0 || constants[place] === 0 || typeof foldable !== 'string') continue
    return Number.isNaN(constants[place]) ? `read by ${layer} where live ones are mixed in` : `read by ${layer} as numbers other than 0, and ${foldable}`
  }
  return 'coupled with live ones'
}

/** By root: the first layer behind which the channel is not one number any more. */
function losses ({ architecture: { graph, layers }, sets, values: labels }: Structure, values: Followed['values']): Map<number, string> {
  /** Of the channels of each value: are they one number wherever they stand in it? */
  const constant = labels.map((outputs, node) => outputs.map((axes, output) => {
    const known = new Map<number, boolean>()
    axes.forEach((own, axis) => own?.forEach((label, place) => {
      const root = sets.rootOf(label)
      known.set(root, (known.get(root) ?? true) && !Number.isNaN(values[node]![output]![axis]?.[place] ?? NaN))
    }))
    return known
  }))
  const found = new Map<number, string>()
  for (const [number, { layer, inputs }] of graph!.nodes.entries()) {
    for (const [root, known] of constant[number]!.flatMap((one) => [...one])) {
      if (known || found.has(root) || !inputs.some(({ node, output }) => constant[node]![output]!.get(root) === true)) continue
      const { path } = layers[layer]!
      found.set(root, inputs.length > 1 ? `coupled with live ones through ${path}` : `not one number any more behind ${path}`)
    }
  }
  return found
}
