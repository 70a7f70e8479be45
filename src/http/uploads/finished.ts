/** From an upload that has all its pieces to one file, as if it had come in a form. */
import { EspalierError } from '../../errors.ts'
import type { Blobs, TenantCatalog } from '../../jobs/ports.ts'
import type { UploadMetadata, UploadPart } from '../../jobs/uploads.ts'
import { labelOf, type ReceivedFile } from './receive.ts'

/** `upload`: it ends when a row is made of the file. */
export interface UploadedFile extends ReceivedFile { readonly upload: string }

/** Joins the pieces in the blobs. Its bytes were counted when it was begun. @throws `not-found`, `upload-expired`, `conflict` while bytes are missing */
export async function receiveUpload (mine: TenantCatalog, blobs: Blobs, id: string): Promise<UploadedFile> {
  const upload = await mine.upload(id)
  if (upload === null) throw new EspalierError('not-found', `upload: there is no upload ${id}`, { field: 'upload', id })
  const { bytes, received, expired, metadata } = upload
  if (expired) throw new EspalierError('upload-expired', `upload: ${id} has expired; begin it anew`, { id })
  if (received < bytes) throw new EspalierError('conflict', `upload: ${id} has ${received} of ${bytes} bytes; send the rest first`, { id, received, bytes })
  const file = await blobs.put(joined(blobs, await mine.uploadParts(id)))
  // The upload was deleted meanwhile, or something was made of it.
  if (file.bytes !== bytes) throw new EspalierError('not-found', `upload: there is no upload ${id} any more`, { field: 'upload', id })
  return { name: nameOf(metadata), sha256: file.sha256, bytes, upload: id }
}

async function * joined (blobs: Blobs, parts: readonly UploadPart[]): AsyncGenerator<Uint8Array> {
  for (const { sha256 } of parts) yield * blobs.stream(sha256)
}

/** A label, as the client's file name is one. */
export function nameOf (metadata: UploadMetadata): string {
  return labelOf(metadata['filename'] ?? metadata['name'] ?? '')
}
