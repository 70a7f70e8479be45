/** Sends a blob: whole or in part, revalidated by its hash, with the hash beside it. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EspalierError } from '../errors.ts'
import type { Blobs } from '../jobs/ports.ts'
import { sendProblem } from './error-handler.ts'
import { matchesNone, rangeOf } from './ranges.ts'

export interface Download { readonly name: string, readonly bytes: number, readonly sha256: string, readonly mediaType?: string }

/** For GET and HEAD. 200, 206, 304 or 416; the ETag is the sha256. */
export async function sendBlob (request: FastifyRequest, reply: FastifyReply, blobs: Blobs, file: Download): Promise<FastifyReply> {
  const etag = `"${file.sha256}"`
  reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, no-cache' })
  if (matchesNone(request.headers['if-none-match'], etag)) return reply.code(304).send()

  const wantsRange = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  let range: ReturnType<typeof rangeOf>
  try {
    range = wantsRange ? rangeOf(request.headers.range, file.bytes) : undefined
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error
    return sendProblem(error, request, reply.header('content-range', `bytes */${file.bytes}`))
  }
  // Before the headers: a file that is not there or damaged at once is a problem, not a download that breaks off.
  const content = request.method === 'HEAD'
    ? undefined
    : await begun(blobs.stream(file.sha256, range)).catch((error: unknown) => {
      reply.removeHeader('etag')
      throw error
    })
  reply.headers({
    'content-type': file.mediaType ?? 'application/octet-stream',
    'content-disposition': disposition(file.name),
    'repr-digest': `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`,
    'content-length': range === undefined ? file.bytes : range.to - range.from,
    ...(range !== undefined && { 'content-range': `bytes ${range.from}-${range.to - 1}/${file.bytes}` }),
  }).code(range === undefined ? 200 : 206)
  return content === undefined ? reply.send() : reply.send(Readable.from(content, { objectMode: false }))
}

/** The same pieces, of which the first is already there. */
async function begun (content: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = content[Symbol.asyncIterator]()
  let first: Promise<IteratorResult<Uint8Array>> | undefined = iterator.next()
  await first
  return {
    [Symbol.asyncIterator]: () => ({
      async next () {
        const next = first ?? iterator.next()
        first = undefined
        return await next
      },
      async return () { return await iterator.return?.() ?? { done: true, value: undefined } },
    }),
  }
}

/** RFC 6266: plain letters for old clients, UTF-8 for the others. */
function disposition (name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  return plain === name ? `attachment; filename="${plain}"` : `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}
