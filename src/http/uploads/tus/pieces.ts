/** Cuts a stream into pieces, each of which can be stored before the next comes. */

export interface Pieces {
  /** Is there a next byte? */
  more (): Promise<boolean>
  /** The next bytes, `length` at most. Taken to its end before `more` is asked again. */
  take (length: number): AsyncGenerator<Uint8Array>
  /** What the stream failed with, once `more` has said that there is nothing more: what came before was given. */
  failure (): unknown
}

export function piecesOf (content: AsyncIterable<Uint8Array>): Pieces {
  const chunks = content[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let ended = false
  let failed: unknown

  async function more (): Promise<boolean> {
    while (!ended && rest.byteLength === 0) {
      try {
        const next = await chunks.next()
        if (next.done === true) ended = true
        else rest = next.value
      } catch (thrown) {
        ended = true
        failed = thrown
      }
    }
    return rest.byteLength > 0
  }

  return {
    more,
    async * take (length) {
      for (let left = length; left > 0 && await more();) {
        const part = rest.subarray(0, left)
        rest = rest.subarray(part.byteLength)
        left -= part.byteLength
        yield part
      }
    },
    failure: () => failed,
  }
}
