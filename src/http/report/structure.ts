/** The part of a receipt's page that tells which channels were taken out. */
import type { SpeedRecord, StructureRecord } from '../../methods/receipt.ts'
import { html, type Html } from './html.ts'
import { count, percent, rounded } from './numbers.ts'

export const GROUP_TITLES = ['group', 'made by', 'known to', '#before', '#after', '#gone', 'stay because']

/** In sentences. */
export function structureText ({ channels: { before, removable, after } }: StructureRecord): Html {
  const gone = before - after
  return html`<p>Of ${count(before)} channels ${count(removable)} might go, and ${count(gone)} went (${percent(removable === 0 ? 0 : gone / removable)} of these): the layers are smaller by them.
What one group holds goes together, from every layer that knows of it.</p>`
}

export function groupRows ({ groups }: StructureRecord): Html[] {
  return groups.map(({ name, makers, layers, before, after, kept }) => {
    const figures = [count(before), count(after), percent(before === 0 ? 0 : (before - after) / before)]
    const stays = kept !== undefined && before === after
    return html`<tr${stays ? html` class="skipped"` : ''}><td>${name}</td><td>${makers.join(', ')}</td><td>${layers.join(', ')}</td>${figures.map((figure) => html`<td class="n">${figure}</td>`)}<td>${kept?.join('; ') ?? ''}</td></tr>\n`
  })
}

export const SPEED_TITLES = ['forward pass', '#examples', '#before p50 / p95', '#after p50 / p95', '#times as fast', '#runs']

/** The whole model for each batch size, then single layers. */
export function speedRows ({ batches, layers }: SpeedRecord): Html[] {
  const times = ({ p50, p95 }: SpeedRecord['batches'][number]['before']): string => `${rounded(p50)} / ${rounded(p95)} ms`
  const row = (name: string, examples: number, { before, after, runs }: Pick<SpeedRecord['batches'][number], 'before' | 'after' | 'runs'>, faster: number): Html => {
    const figures = [count(examples), times(before), times(after), `${rounded(faster)} ×`, count(runs)]
    return html`<tr><td>${name}</td>${figures.map((figure) => html`<td class="n">${figure}</td>`)}</tr>\n`
  }
  return [
    ...batches.map((one) => row('the model', one.batch, one, one.before.p50 / one.after.p50)),
    ...layers.map((one) => row(one.layer, one.batch, one, 1 / one.ratio)),
  ]
}
