/** Messages about unknown names. */
import { nearest } from '../pruning/nearest.ts'

/** A sentence about an unknown name: what is near, else what there is. */
export function unknownName (kind: string, word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  const help = near !== undefined ? `did you mean "${near}"?` : known.length > 0 ? `known are ${known.join(', ')}` : 'none is taken here'
  return `unknown ${kind} "${word}": ${help}`
}
