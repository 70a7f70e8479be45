/** Takes one uploaded file into the blobs as it comes in, without holding it. */
import type { MultipartFile } from '@fastify/multipart'
import { EspalierError } from '../../errors.ts'
import type { Blobs } from '../../jobs/ports.ts'

/** A file that lies complete in the blobs. `name` is the client's file name, cleaned; it is a label and never a path. */
export interface ReceivedFile { readonly name: string, readonly sha256: string, readonly bytes: number }

export interface Store { readonly blobs: Blobs, readonly limit: number }

export async function receiveFile (part: MultipartFile, store: Store): Promise<ReceivedFile> {
  const { sha256, bytes } = await store.blobs.put(part.file, store.limit)
  if (bytes === 0) throw new EspalierError('invalid-request', `part "${part.fieldname}": the file is empty`)
  return { name: labelOf(part.filename ?? part.fieldname), sha256, bytes }
}

/** A small text file (a recipe). Throws `payload-too-large` past `limit` bytes. */
export async function receiveText (part: MultipartFile, limit: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of part.file as AsyncIterable<Uint8Array>) {
    size += piece.byteLength
    if (size > limit) throw new EspalierError('payload-too-large', `part "${part.fieldname}" is larger than ${limit} bytes`, { limit })
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** The last step of a path without control characters, at most 200 characters. */
export function labelOf (name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  // eslint-disable-next-line no-control-regex
  const clean = last.replace(/[\u0000-\u001f\u007f]/g, '').trim().slice(0, 200)
  return clean === '' || clean === '.' || clean === '..' ? 'unnamed' : clean
}
