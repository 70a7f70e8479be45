/** Byte ranges of downloads (RFC 9110, section 14): one range, or none. */
import { EspalierError } from '../errors.ts'
import type { BlobRange } from '../jobs/ports.ts'

/**
 * The bytes [from, to) that a Range header asks of `size` bytes; undefined when all are to be sent: no header, another unit, several
 * ranges or a malformed one, which the RFC lets a server ignore. Throws `range-not-satisfiable` when it begins past the end.
 */
export function rangeOf (header: string | undefined, size: number): BlobRange | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '')
  if (match === null) return undefined
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (from >= size) throw new EspalierError('range-not-satisfiable', `the range ${match[0]} lies outside of the file's ${size} bytes`, { size })
  return { from, to }
}

/** Does an If-None-Match header name this tag? Weak comparison, as the RFC asks. */
export function matchesNone (header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
