/** Groups of channels: channels that the same layers make together and that compete with one another. */
import type { Maker, Structure } from './couple.ts'

/** One channel of the model: it goes from every place where it stands. */
export interface Channel {
  readonly root: number
  /** Places that it takes along the axes of its makers: what its group is counted in is places of the first. */
  readonly places: number
}

export interface ChannelGroup {
  /** The first layer that makes them; of layers that make several kinds, with the kind: `attention/heads`. */
  readonly name: string
  /** All layers that make them. */
  readonly makers: readonly string[]
  /** Layers with weights that know of them, in the model's order. */
  readonly layers: readonly string[]
  /** That may go. */
  readonly channels: readonly Channel[]
  /** Places along the axis of the first maker, those of channels that stay included. */
  readonly size: number
  /** Why some or all of its channels stay. */
  readonly frozen: readonly string[]
  /** What is to be said where some go. */
  readonly notes: readonly string[]
}

/** In the order in which the model makes them. */
export function groupChannels ({ architecture, sets, makers, places }: Structure): ChannelGroup[] {
  const members = new Map<number, Set<number>>()
  for (const [maker, { labels }] of makers.entries()) {
    for (const label of labels) {
      const root = sets.rootOf(label)
      members.set(root, (members.get(root) ?? new Set()).add(maker))
    }
  }
  const bySignature = new Map<string, { makers: number[], roots: number[] }>()
  for (const [root, together] of members) {
    const ids = [...together].sort((a, b) => a - b)
    const signature = ids.join()
    const group = bySignature.get(signature) ?? { makers: ids, roots: [] }
    group.roots.push(root)
    bySignature.set(signature, group)
  }
  const layersOf = layersByRoot(sets.rootOf.bind(sets), places)
  const order = new Map(architecture.layers.map(({ path }, index) => [path, index]))
  return [...bySignature.values()].map(({ makers: ids, roots }) => {
    const first = makers[ids[0]!]!
    const count = countOf(first.labels, (label) => sets.rootOf(label))
    const layers = new Set(roots.flatMap((root) => [...layersOf.get(root) ?? []]))
    const free = roots.filter((root) => sets.frozenBecause(root) === undefined)
    return {
      name: nameOf(first),
      makers: [...new Set(ids.map((id) => makers[id]!.layer))],
      layers: [...layers].sort((a, b) => order.get(a)! - order.get(b)!),
      channels: free.map((root) => ({ root, places: count.get(root)! })),
      size: roots.reduce((sum, root) => sum + count.get(root)!, 0),
      frozen: [...new Set(roots.flatMap((root) => sets.frozenBecause(root) ?? []))],
      notes: [...new Set(free.flatMap((root) => sets.notesOf(root)))],
    }
  })
}

function nameOf ({ layer, name }: Maker): string {
  return name === '' ? layer : `${layer}/${name.replace(/\/$/, '')}`
}

/** Places along the axis of a group's first maker whose channels are among `gone`. */
export function placesGone ({ makers, sets }: Pick<Structure, 'makers' | 'sets'>, { name, makers: [layer], channels }: ChannelGroup, gone: ReadonlySet<number>): number[] {
  const own = new Set(channels.map(({ root }) => root).filter((root) => gone.has(root)))
  const { labels } = makers.find((maker) => maker.layer === layer && nameOf(maker) === name)!
  return [...labels.keys()].filter((place) => own.has(sets.rootOf(labels[place]!)))
}

function layersByRoot (rootOf: (label: number) => number, places: Structure['places']): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  for (const { layer, labels } of places) {
    for (const label of labels) {
      const root = rootOf(label)
      found.set(root, (found.get(root) ?? new Set()).add(layer))
    }
  }
  return found
}

function countOf (labels: ArrayLike<number>, rootOf: (label: number) => number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const label of Array.from(labels)) counts.set(rootOf(label), (counts.get(rootOf(label)) ?? 0) + 1)
  return counts
}

/** The roots along every axis of the graph's values of which all channels may go. */
export function freeAxes ({ sets, values }: Structure): number[][] {
  const axes = new Set(values.flat(2).filter((labels) => labels !== null))
  return [...axes].map((labels) => [...new Set(Array.from(labels, (label) => sets.rootOf(label)))]).filter((roots) => roots.every((root) => sets.frozenBecause(root) === undefined))
}
