/** Is a file a table in text, and how are its fields parted? */

export interface Dialect {
  readonly delimiter: string
  /** Where the table begins: behind a byte order mark and a line `sep=;`. */
  readonly offset: number
}

/** Of equal numbers the first is taken: a semicolon parts numbers with decimal commas. */
const DELIMITERS = ['\t', ';', ','] as const

const MARK = [0xef, 0xbb, 0xbf]

/** The dialect of a text whose first bytes are `head`; undefined unless it is UTF-8 text whose first line has a delimiter. */
export function dialectOf (head: Uint8Array): Dialect | undefined {
  const mark = MARK.every((byte, index) => head[index] === byte) ? MARK.length : 0
  let text: string
  try {
    // The head may end within a letter.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(head.subarray(mark), { stream: true })
  } catch {
    return undefined
  }
  // Other formats of text, and bytes that are none.
  // eslint-disable-next-line no-control-regex
  if (/^\s*[{[<%]/.test(text) || /[\x00-\x08\x0e-\x1f\x7f]/.test(text)) return undefined
  const told = /^sep=(.)\r?\n/i.exec(text)
  if (told !== null) return (DELIMITERS as readonly string[]).includes(told[1]!) ? { delimiter: told[1]!, offset: mark + told[0].length } : undefined
  const delimiter = commonest(firstLine(text))
  return delimiter === undefined ? undefined : { delimiter, offset: mark }
}

/** The first line that is not empty, without what stands in quotes. */
function firstLine (text: string): string {
  return /[^\r\n]+/.exec(text.replace(/"[^"]*("|$)/g, ''))?.[0] ?? ''
}

function commonest (line: string): string | undefined {
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length - 1)
  const most = Math.max(...counts)
  return most === 0 ? undefined : DELIMITERS[counts.indexOf(most)]
}
