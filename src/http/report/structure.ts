/** The part of a receipt's page that tells which channels were taken out. */
import type { StructureRecord } from '../../methods/receipt.ts'
import { html, type Html } from './html.ts'
import { count, percent } from './numbers.ts'

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
