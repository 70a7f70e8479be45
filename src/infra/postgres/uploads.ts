/** Uploads that come in pieces, in the Catalog: a piece is added only where the upload ends, so that of two at once one is refused. */
import { EspalierError } from '../../errors.ts'
import { RETENTION_ACTOR } from '../../jobs/retention.ts'
import { MAX_PARTS, MAX_UPLOADS, type AllUploads, type TenantUploads, type UploadMetadata, type UploadRow } from '../../jobs/uploads.ts'
import { asJson, jsonText, TRANSACTION, type Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import { newId } from './ids.ts'
import { demand, holdTenant } from './quotas.ts'
import { storable } from './rows.ts'

const COLUMNS = Prisma.raw('id, metadata, bytes, received, created_at AS "createdAt", expires_at AS "expiresAt", expires_at <= now() AS expired')

interface Row { readonly id: string, readonly metadata: unknown, readonly bytes: bigint, readonly received: bigint, readonly createdAt: Date, readonly expiresAt: Date, readonly expired: boolean }

function uploadOf ({ id, metadata, bytes, received, createdAt, expiresAt, expired }: Row): UploadRow {
  return { id, metadata: metadata as UploadMetadata, bytes: Number(bytes), received: Number(received), createdAt, expiresAt, expired }
}

function lifetime (ms: number): Prisma.Sql {
  return Prisma.sql`now() + ${ms}::float8 * interval '1 millisecond'`
}

/** Removes an upload of which something is made, within the transaction that makes it. @throws `not-found` */
export async function endUpload (tx: Prisma.TransactionClient, tenantId: string, id: string): Promise<void> {
  const { count } = await tx.upload.deleteMany({ where: { id: storable(id), tenantId } })
  if (count === 0) throw noSuchUpload(id)
}

function noSuchUpload (id: string): EspalierError {
  return new EspalierError('not-found', `there is no upload ${id}`, { id })
}

/** The part of the Catalog that keeps a tenant's uploads. */
export function uploadsIn ({ prisma, patiently, once, quotas }: Database, tenantId: string): TenantUploads {
  async function find (idAsGiven: string): Promise<UploadRow | null> {
    const id = storable(idAsGiven)
    const [row] = await patiently(async () => await prisma.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM uploads WHERE id = ${id} AND tenant_id = ${tenantId}`)
    return row === undefined ? null : uploadOf(row)
  }

  async function refusal (id: string, position: number, bytes: number): Promise<EspalierError> {
    const upload = await find(id)
    if (upload === null) return noSuchUpload(id)
    if (upload.expired) return new EspalierError('upload-expired', `upload ${id} has expired; begin it anew`, { id })
    if (upload.received !== position) return new EspalierError('conflict', `upload ${id} has ${upload.received} bytes; what was sent begins at ${position}`, { id, received: upload.received })
    if (position + bytes > upload.bytes) return new EspalierError('payload-too-large', `upload ${id} has ${upload.bytes} bytes; ${position + bytes} were sent`, { id, limit: upload.bytes })
    return new EspalierError('limit-exceeded', `upload ${id} came in ${MAX_PARTS} pieces; begin it anew and send larger ones`, { limit: MAX_PARTS })
  }

  return {
    async createUpload ({ bytes, metadata }, keepMs) {
      const id = newId('upl')
      return await once(async () => await prisma.$transaction(async (tx) => {
        const limits = await holdTenant(tx, tenantId, quotas)
        await demand(tx, tenantId, limits, { storedBytes: bytes })
        if (await tx.upload.count({ where: { tenantId } }) >= MAX_UPLOADS) {
          throw new EspalierError('limit-exceeded', `there are ${MAX_UPLOADS} uploads already of which nothing was made; delete some`, { limit: MAX_UPLOADS })
        }
        const [row] = await tx.$queryRaw<Row[]>`
          INSERT INTO uploads (id, tenant_id, metadata, bytes, expires_at) VALUES (${id}, ${tenantId}, ${jsonText(metadata)}::json, ${bytes}, ${lifetime(keepMs)}) RETURNING ${COLUMNS}`
        return uploadOf(row!)
      }, TRANSACTION))
    },

    upload: find,

    async uploads ({ limit, cursor }) {
      const rows = await patiently(async () => await prisma.upload.findMany({ where: { tenantId, ...after(cursor) }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }], take: limit + 1 }))
      return pageOf(rows, limit, (row) => uploadOf({ ...row, expired: row.expiresAt.getTime() <= Date.now() }))
    },

    async addUploadPart (idAsGiven, { position, bytes, sha256 }, keepMs) {
      const id = storable(idAsGiven)
      const added = await once(async () => await prisma.$executeRaw`
        WITH moved AS (
          UPDATE uploads SET received = received + ${bytes}, parts = parts + 1, expires_at = ${lifetime(keepMs)}
          WHERE id = ${id} AND tenant_id = ${tenantId} AND received = ${position} AND received + ${bytes} <= bytes AND parts < ${MAX_PARTS} AND expires_at > now() RETURNING id)
        INSERT INTO upload_parts (upload_id, position, bytes, sha256) SELECT moved.id, ${position}, ${bytes}, ${sha256} FROM moved`)
      if (added === 0) throw await refusal(id, position, bytes)
      return position + bytes
    },

    async uploadParts (id) {
      const where = { uploadId: storable(id), upload: { tenantId } }
      const rows = await patiently(async () => await prisma.uploadPart.findMany({ where, orderBy: { position: 'asc' } }))
      return rows.map(({ position, bytes, sha256 }) => ({ position: Number(position), bytes: Number(bytes), sha256 }))
    },

    async deleteUpload (id) {
      return (await once(async () => await prisma.upload.deleteMany({ where: { id: storable(id), tenantId } }))).count > 0
    },
  }
}

/** At most so many go with one call of `sweepUploads`. */
const SWEPT_AT_ONCE = 100

/** The part of the Catalog that removes the uploads of all tenants in time. */
export function allUploadsIn ({ prisma, patiently }: Database): AllUploads {
  return {
    async sweepUploads () {
      return await patiently(async () => await prisma.$transaction(async (tx) => {
        const gone = await tx.$queryRaw<Array<{ id: string, tenantId: string, bytes: bigint, received: bigint }>>`
          DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at <= now() ORDER BY expires_at LIMIT ${SWEPT_AT_ONCE} FOR UPDATE SKIP LOCKED)
          RETURNING id, tenant_id AS "tenantId", bytes, received`
        await tx.auditEntry.createMany({
          data: gone.map(({ id, tenantId, bytes, received }) => ({
            tenantId, actor: RETENTION_ACTOR, action: 'expireUpload', target: id, status: 204, requestId: '', details: asJson({ bytes: Number(bytes), received: Number(received) }),
          })),
        })
        return gone.length
      }, TRANSACTION))
    },
  }
}
