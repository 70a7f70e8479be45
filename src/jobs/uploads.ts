/** Uploads that come in pieces, over as many requests as it takes: the resource, and what the use cases need of the Catalog. */
import { Type, type Static } from 'typebox'
import type { Page, PageRequest } from './ports.ts'

export const Upload = Type.Object({
  id: Type.String(),
  name: Type.String({ description: '`filename` or `name` of the metadata' }),
  bytes: Type.Integer({ description: 'how many it will have' }),
  received: Type.Integer({ description: 'how many are there; with all of them a model or data set can be made of it' }),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.String({ format: 'date-time', description: 'it is removed then, unless more comes or something is made of it before' }),
}, { $id: 'Upload' })

export type Upload = Static<typeof Upload>

/** As the client gave it: values are texts, null for keys without one. */
export type UploadMetadata = Readonly<Record<string, string | null>>

export interface UploadRow {
  readonly id: string
  readonly metadata: UploadMetadata
  readonly bytes: number
  readonly received: number
  readonly createdAt: Date
  readonly expiresAt: Date
  /** By the database's clock; in a page of many by that of this process. */
  readonly expired: boolean
}

/** A piece: a blob, at its place in the file. */
export interface UploadPart { readonly position: number, readonly bytes: number, readonly sha256: string }

/** A tenant has at most so many uploads at once; more would only be forgotten ones. */
export const MAX_UPLOADS = 1000

/** One upload has at most so many pieces, each of which costs a row and a file. */
export const MAX_PARTS = 10_000

/** The uploads that belong to one tenant. Those that have expired are there until they are swept. */
export interface TenantUploads {
  /** Its bytes count as stored from now on. It lives for `keepMs`. @throws `quota-exceeded`, `limit-exceeded` past MAX_UPLOADS */
  createUpload (upload: { readonly bytes: number, readonly metadata: UploadMetadata }, keepMs: number): Promise<UploadRow>
  upload (id: string): Promise<UploadRow | null>
  uploads (page: PageRequest): Promise<Page<UploadRow>>
  /**
   * Adds a piece where the upload ends, from when on it lives for `keepMs`. Gives how many bytes are there.
   * @throws `not-found`, `upload-expired`, `conflict` where it does not end there (any more), `payload-too-large` past its bytes, `limit-exceeded` past MAX_PARTS
   */
  addUploadPart (id: string, part: UploadPart, keepMs: number): Promise<number>
  /** In order. */
  uploadParts (id: string): Promise<UploadPart[]>
  /** False when there is none. */
  deleteUpload (id: string): Promise<boolean>
}

/** The uploads of all tenants, as workers need them. */
export interface AllUploads {
  /** Removes some of those that have expired, with a line in the record of each. Gives how many. */
  sweepUploads (): Promise<number>
}
