/** The headers of the resumable upload protocol, for the documentation: the protocol itself checks them. */
import { Type } from 'typebox'
import type { UploadRow, Upload } from '../../../jobs/uploads.ts'
import { PostHeaders } from '../../schemas.ts'
import { nameOf } from '../../uploads/finished.ts'

const version = { 'tus-resumable': Type.Optional(Type.String({ description: 'needed: 1.0.0' })) }

export const VersionHeaders = Type.Object(version)

export const CreateHeaders = Type.Object({
  ...PostHeaders.properties,
  ...version,
  'upload-length': Type.Optional(Type.String({ description: 'needed: bytes of the whole file, at least 1' })),
  'upload-metadata': Type.Optional(Type.String({ description: 'pairs of a key and a base64 value, with commas between; `filename` or `name` is the label of what is made of it' })),
})

export const PatchHeaders = Type.Object({
  ...version,
  'upload-offset': Type.Optional(Type.String({ description: 'needed: where the body begins in the file, which is where the upload ends' })),
})

export const UploadRef = Type.Unsafe<Upload>({ $ref: 'Upload#' })

export function uploadView (row: UploadRow): Upload {
  const { id, bytes, received, createdAt, expiresAt } = row
  return { id, name: nameOf(row.metadata), bytes, received, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() }
}
