/** The part of a receipt's page that tells how the masks came about: their updates as a picture and a table, the sensitivity of layers, and the search for a sparsity. */
import type { MaskUpdate, SearchRecord, SensitivityRecord } from '../../methods/receipt.ts'
import { html, type Html } from './html.ts'
import { count, percent, rounded } from './numbers.ts'

/** Rows of the table; neighbours are put together when there are more updates. */
const ROWS = 20

const [WIDTH, HEIGHT] = [640, 180]
/** Around the curves, for the labels. */
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 12, 10, 24]

export const UPDATE_TITLES = ['#before step', '#asked', '#sparsity', '#pruned', '#spliced', '#net']

export function updatesText (updates: readonly MaskUpdate[]): Html {
  const [pruned, spliced] = [sum(updates, 'pruned'), sum(updates, 'spliced')]
  return html`<p>The masks were updated ${count(updates.length)} times: ${count(pruned)} weights were pruned, ${count(spliced)} were spliced back, ${count(pruned - spliced)} net.</p>`
}

/** Sparsity over steps, what was asked dashed, and below it how many weights came back with each update. */
export function updatesChart (updates: readonly MaskUpdate[]): Html {
  if (updates.length < 2) return html``
  const last = updates.at(-1)!.step
  const first = updates[0]!.step
  const x = (step: number): number => LEFT + (step - first) / Math.max(1, last - first) * (WIDTH - LEFT - RIGHT)
  const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
  const points = (of: (update: MaskUpdate) => number | null): string => updates.flatMap((update) => {
    const value = of(update)
    return value === null ? [] : [`${x(update.step).toFixed(1)},${y(value).toFixed(1)}`]
  }).join(' ')
  const most = Math.max(1, ...updates.map(({ spliced }) => spliced))
  const bars = updates.filter(({ spliced }) => spliced > 0).map(({ step, spliced }) =>
    html`<line x1="${x(step).toFixed(1)}" x2="${x(step).toFixed(1)}" y1="${y(0)}" y2="${y(spliced / most / 3).toFixed(1)}" stroke="#c60" stroke-width="2" opacity=".6"/>`)
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="sparsity by step">
${[0, 0.5, 1].map((share) => html`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(share)}" y2="${y(share)}" stroke="currentColor" opacity=".2"/><text x="${LEFT - 6}" y="${y(share) + 4}" font-size="11" text-anchor="end" fill="currentColor">${percent(share)}</text>`)}
${bars}
<polyline points="${points(({ asked }) => asked)}" fill="none" stroke="currentColor" stroke-dasharray="4 3" opacity=".5"/>
<polyline points="${points(({ sparsity }) => sparsity)}" fill="none" stroke="#06c" stroke-width="2"/>
<text x="${LEFT}" y="${HEIGHT - 6}" font-size="11" fill="currentColor">step ${count(first)}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" font-size="11" text-anchor="end" fill="currentColor">step ${count(last)}; bars: spliced back, at most ${count(most)} at once</text>
</svg>`
}

export function updateRows (updates: readonly MaskUpdate[]): Html[] {
  const size = Math.ceil(updates.length / ROWS)
  const groups = Array.from({ length: Math.ceil(updates.length / Math.max(1, size)) }, (_, index) => updates.slice(index * size, (index + 1) * size))
  return groups.map((group) => {
    const { step, asked, sparsity } = group.at(-1)!
    const cells = [count(step), percent(asked), percent(sparsity), count(sum(group, 'pruned')), count(sum(group, 'spliced')), count(sum(group, 'net'))]
    return html`<tr>${cells.map((cell) => html`<td class="n">${cell}</td>`)}</tr>\n`
  })
}

/** What a search looks for: a sparsity, or the share of channels that go. */
export type Searched = 'sparsity' | 'share of channels'

export function searchTitles (searched: Searched): string[] {
  return [`#${searched}`, '#value', 'as asked']
}

export function searchText ({ metric, goal, examples, baseline, allowed, curve, chosen }: SearchRecord, searched: Searched): Html {
  if (goal === 'least') return html`<p>The least ${searched} with at most ${count(allowed)} ${metric} (${count(baseline)} before) was found in ${count(curve.length)} tries: ${percent(chosen)}.</p>`
  return html`<p>The largest ${searched} whose ${metric} over ${count(examples ?? 0)} examples stays at ${percent(allowed)} or above (${percent(baseline)} before) was searched in ${count(curve.length)} tries: ${percent(chosen)}.</p>`
}

export function searchRows ({ curve, goal }: SearchRecord): Html[] {
  return curve.map(({ sparsity, value, held }) => html`<tr><td class="n">${percent(sparsity)}</td><td class="n">${goal === 'least' ? count(value) : percent(value)}</td><td>${held ? 'yes' : 'no'}</td></tr>\n`)
}

export const SENSITIVITY_TITLES = ['layer', 'loss at sparsity']

export function sensitivityRows (layers: readonly SensitivityRecord[]): Html[] {
  return layers.map(({ layer, points }) => html`<tr><td>${layer}</td><td>${points.map(({ sparsity, loss }) => `${rounded(loss)} at ${percent(sparsity)}`).join(', ')}</td></tr>\n`)
}

function sum (updates: readonly MaskUpdate[], key: 'pruned' | 'spliced' | 'net'): number {
  return updates.reduce((total, update) => total + update[key], 0)
}
