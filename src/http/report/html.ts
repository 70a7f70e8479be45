/** HTML with everything escaped that is put into it. */

/** Text that is HTML already. */
export interface Html { readonly html: string }

type Piece = string | number | Html | readonly Html[]

/** Tag for templates: strings and numbers are escaped, Html is not. */
export function html (texts: TemplateStringsArray, ...pieces: Piece[]): Html {
  return { html: texts.reduce((all, text, index) => all + written(pieces[index - 1] ?? '') + text) }
}

function written (piece: Piece): string {
  if (typeof piece === 'string' || typeof piece === 'number') return escaped(String(piece))
  return 'html' in piece ? piece.html : piece.map((each) => each.html).join('')
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escaped (text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter)
}
