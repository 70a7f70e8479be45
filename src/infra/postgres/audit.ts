/** The record of who did what in the Catalog: rows are added, read, and dropped when they are old. */
import { EspalierError } from '../../errors.ts'
import type { Catalog } from '../../jobs/ports.ts'
import type { AuditNote, AuditRow, TenantAccess, Tenants } from '../../jobs/tenant-ports.ts'
import { jsonText, type Database } from './client.ts'
import type * as rows from './generated/client.ts'
import { storable } from './rows.ts'

/** The part of the Catalog that tells what was done in a tenant's name. */
export function auditIn ({ prisma, patiently }: Database, tenantId: string): Pick<TenantAccess, 'audit'> {
  return {
    async audit ({ limit, cursor, actor, action, target, since, until }) {
      const where = {
        tenantId,
        ...(cursor !== undefined && { id: { lt: positionOf(cursor) } }),
        ...(actor !== undefined && { actor: storable(actor) }),
        ...(action !== undefined && { action: storable(action) }),
        ...(target !== undefined && { target: storable(target) }),
        at: { ...(since !== undefined && { gte: since }), ...(until !== undefined && { lt: until }) },
      }
      const found = await patiently(async () => await prisma.auditEntry.findMany({ where, orderBy: { id: 'desc' }, take: limit + 1 }))
      const last = found[limit - 1]
      return { items: found.slice(0, limit).map(entryOf), next: found.length > limit && last !== undefined ? cursorAfter(last.id) : null }
    },
  }
}

/** The part of the Catalog that adds to the record of all tenants. Rows older than `auditDays` go; 0 keeps them. */
export function notesIn ({ prisma, once, patiently, auditDays }: Database): Pick<Tenants, 'note'> & Pick<Catalog, 'sweepAudit'> {
  return {
    async note (entries) {
      // As one value: a statement of so many rows would be another one for every number of them.
      await once(async () => await prisma.$executeRaw`
        INSERT INTO audit_entries (tenant_id, at, actor, action, target, status, request_id, details)
        SELECT "tenantId", at, actor, action, target, status, "requestId", details
        FROM json_to_recordset(${jsonText(entries.map(noteOf))}::json) AS given ("tenantId" text, at timestamptz, actor text, action text, target text, status int, "requestId" text, details json)`)
    },

    async sweepAudit () {
      if (auditDays === 0) return 0
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM audit_entries WHERE at < now() - ${auditDays}::float8 * interval '1 day'`)
    },
  }
}

function noteOf (note: AuditNote): AuditNote {
  const { actor, action, target, requestId } = note
  return { ...note, actor: storable(actor), action: storable(action), target: target === null ? null : storable(target), requestId: storable(requestId) }
}

function entryOf (row: rows.AuditEntry): AuditRow {
  return { ...row, id: String(row.id), details: row.details as AuditRow['details'] }
}

function cursorAfter (id: bigint): string {
  return Buffer.from(`audit ${id}`).toString('base64url')
}

/** @throws `invalid-request` when it is not one of ours */
function positionOf (cursor: string): bigint {
  const match = /^audit (\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match?.[1] === undefined) throw new EspalierError('invalid-request', 'cursor: this is not a cursor; pass the `next` value of a former page as it was given', { cursor })
  return BigInt(match[1])
}
