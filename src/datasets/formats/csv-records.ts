/** Records of comma-separated text, after RFC 4180: split into blocks of whole records, and blocks into fields. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { invalid } from './format.ts'

/** Whole records of the file, one after the other. */
export interface RecordBlock {
  /** Where they begin in the file. */
  readonly offset: number
  readonly bytes: Uint8Array
  /** The line on which they begin, from 1. */
  readonly line: number
}

export interface CsvRecord { readonly line: number, readonly fields: readonly string[] }

/** Bytes that are read and decoded at once. */
const PIECE_BYTES = 1 << 18

/** 65,536 numbers of 15 digits take less; a quote that is never closed would go on to the end of the file. */
const MAX_RECORD_BYTES = 4 * 2 ** 20

const [QUOTE, LINE_FEED] = [0x22, 0x0a]

/** The file from `offset` on in blocks that end with a record. Throws `limit-exceeded` for a record that is too long. */
export async function * recordBlocks (source: ByteSource, offset: number): AsyncGenerator<RecordBlock> {
  let [carry, at, line] = [new Uint8Array(), offset, 1]
  while (at < source.size) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, source.size - at))
    const bytes = carry.length === 0 ? piece : joined(carry, piece)
    const start = at - carry.length
    at += piece.length
    const { end, lines } = lastRecordEnd(bytes)
    if (at === source.size || end > 0) {
      const taken = at === source.size ? bytes.length : end
      yield { offset: start, bytes: bytes.subarray(0, taken), line }
      line += lines
      carry = bytes.slice(taken)
    } else {
      carry = bytes.slice()
    }
    if (carry.length > MAX_RECORD_BYTES) {
      throw new EspalierError('limit-exceeded', `line ${line}: a record of more than ${MAX_RECORD_BYTES} bytes; is a quote left open?`, { line, limit: MAX_RECORD_BYTES })
    }
  }
}

function joined (first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** Behind the last line feed outside of quotes, and the line feeds up to there. A quote within quotes is doubled, so that counting them is enough. */
function lastRecordEnd (bytes: Uint8Array): { end: number, lines: number } {
  let [end, lines, seen, quoted] = [0, 0, 0, false]
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === QUOTE) quoted = !quoted
    if (byte !== LINE_FEED) continue
    seen++
    if (quoted) continue
    end = index + 1
    lines = seen
  }
  return { end, lines }
}

/** The records of a text, empty lines left out. `firstLine` is the number of its first line. Throws `invalid-dataset` for quotes out of place. */
export function parseRecords (text: string, delimiter: string, firstLine: number): CsvRecord[] {
  const records: CsvRecord[] = []
  let [at, line] = [0, firstLine]

  const quotedField = (): string => {
    let value = ''
    const opened = line
    for (let from = at + 1; ;) {
      const close = text.indexOf('"', from)
      if (close < 0) throw invalid(`line ${opened}: a quote is opened and never closed`, { line: opened })
      const part = text.slice(from, close)
      for (let feed = part.indexOf('\n'); feed >= 0; feed = part.indexOf('\n', feed + 1)) line++
      value += part
      if (text[close + 1] !== '"') {
        at = close + 1
        return value
      }
      value += '"'
      from = close + 2
    }
  }

  const plainField = (): string => {
    const from = at
    for (; at < text.length; at++) {
      const letter = text[at]
      if (letter === delimiter || letter === '\n' || letter === '\r') break
      if (letter === '"') throw invalid(`line ${line}: a quote within a field that does not begin with one; such fields stand in quotes, with the quote doubled`, { line })
    }
    return text.slice(from, at)
  }

  while (at < text.length) {
    const fields: string[] = []
    const begun = line
    let isQuoted = false
    for (;;) {
      isQuoted ||= text[at] === '"'
      fields.push(text[at] === '"' ? quotedField() : plainField())
      if (text[at] !== delimiter) break
      at++
    }
    if (at < text.length && text[at] !== '\n' && text[at] !== '\r') throw invalid(`line ${line}: ${JSON.stringify(text[at])} follows the quote that ends a field`, { line })
    if (text[at] === '\r' && text[at + 1] === '\n') at++
    at++
    line++
    if (isQuoted || fields.length > 1 || fields[0]!.trim() !== '') records.push({ line: begun, fields })
  }
  return records
}
