/** Inflating of deflate and gzip data piece by piece, so that no more is held than is asked for. */
import { EspalierError, type ErrorCode } from '../errors.ts'

export type Compression = 'deflate' | 'deflate-raw' | 'gzip'

/**
 * The decompressed bytes of `compressed`, in pieces. Ending the iteration early stops the work. Damaged or truncated data throws `code`, naming
 * `what`; errors of `compressed` itself are passed on.
 */
export async function * inflate (compressed: AsyncIterable<Uint8Array>, compression: Compression, what: string, code: ErrorCode): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream(compression)
  const writer = stream.writable.getWriter()
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader()
  let failure: { readonly error: unknown } | undefined
  const feeding = feed(compressed, writer, (error) => { failure = { error } })
  try {
    while (true) {
      const { done, value } = await reader.read()
      if (done) break
      yield value
    }
    await feeding
  } catch (cause) {
    if (failure !== undefined) throw failure.error
    const text = cause instanceof Error ? cause.message : String(cause)
    throw new EspalierError(code, `${what}: the compressed data are damaged (${text})`, {}, { cause })
  } finally {
    // Rejections of a stream that was given up are expected and told nowhere.
    reader.cancel().catch(() => {})
    writer.abort().catch(() => {})
  }
}

/** Writes all of `compressed`; an error of the source is reported before it ends the stream. Never rejects. */
async function feed (compressed: AsyncIterable<Uint8Array>, writer: WritableStreamDefaultWriter<BufferSource>, failed: (error: unknown) => void): Promise<void> {
  writer.closed.catch(() => {})
  const chunks = compressed[Symbol.asyncIterator]()
  try {
    while (true) {
      let next
      try {
        next = await chunks.next()
      } catch (error) {
        failed(error)
        await writer.abort(error)
        return
      }
      if (next.done === true) break
      await writer.write(next.value as Uint8Array<ArrayBuffer>)
    }
    await writer.close()
  } catch {
    // The reading side sees the same failure and tells it.
    await chunks.return?.()
  }
}
