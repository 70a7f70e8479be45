/** Compression of streams: raw deflate for the entries of a zip, and gzip. */

/** The content as a gzip file, which tells no name and no time. */
export function gzipped (content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return compressedBy('gzip', content)
}

/** The compressed content; an error of it reaches the reader. */
export function compressedBy (format: 'deflate-raw' | 'gzip', content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const pieces = content[Symbol.asyncIterator]()
  const readable = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull (controller) {
      const next = await pieces.next()
      if (next.done === true) controller.close()
      else controller.enqueue(next.value as Uint8Array<ArrayBuffer>)
    },
    async cancel () { await pieces.return?.() },
  })
  return readable.pipeThrough(new CompressionStream(format)) as unknown as AsyncIterable<Uint8Array>
}
