/** Where the layers and lines of a drawn network are. */
import type { Receipt } from '../../api/types.ts'
import { SERIES_COLORS, type SeriesColor } from '../../components/chart/colors.ts'

type Groups = NonNullable<Receipt['structure']>['groups']

export interface DrawnLayer { readonly name: string, readonly group: string, readonly color: SeriesColor, readonly before: number, readonly after: number }
export interface DrawnLink { readonly group: string, readonly color: SeriesColor, readonly lane: number, readonly from: number, readonly to: number }

const MOST_LANES = 6

/** Layers that make channels, as they come in the model, with widths from 0 to 1 (square roots: 512 channels beside 3); lines from each maker to what knows of its channels next. */
export function drawnNetwork (groups: Groups, order: readonly string[]): { layers: DrawnLayer[], links: DrawnLink[], lanes: number } {
  const place = new Map(order.map((name, index) => [name, index]))
  const at = (name: string): number => place.get(name) ?? order.length
  const widest = Math.sqrt(Math.max(1, ...groups.map(({ before }) => before)))
  const layers = groups
    .flatMap(({ name: group, makers, before, after }, index) => makers.map((name): DrawnLayer => ({ name, group, color: colorOf(index), before: Math.sqrt(before) / widest, after: Math.sqrt(after) / widest })))
    .sort((a, b) => at(a.name) - at(b.name))
  const rows = new Map(layers.map(({ name }, row) => [name, row]))
  const links = groups.flatMap(({ name: group, makers, layers: known }, index) => {
    const touched = [...new Set([...makers, ...known])].map((name) => rows.get(name)).filter((row) => row !== undefined).sort((a, b) => a - b)
    return touched.slice(1).map((to, step): DrawnLink => ({ group, color: colorOf(index), from: touched[step]!, to, lane: Math.min(MOST_LANES, to - touched[step]!) }))
  })
  return { layers, links, lanes: Math.max(1, ...links.map(({ lane }) => lane)) }
}

function colorOf (group: number): SeriesColor {
  return SERIES_COLORS[group % SERIES_COLORS.length]!
}
