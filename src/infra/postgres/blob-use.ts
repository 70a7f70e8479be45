/** Who refers to blobs, in the Catalog: an advisory lock for each sha256 keeps holding and removing apart. */
import { randomUUID } from 'node:crypto'
import { HOLD_MS, type BlobUse } from '../../jobs/blob-use.ts'
import { TRANSACTION, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'

/** Columns that refer to blobs. Deletes in these tables are told by triggers. */
const REFERRING = [['models', 'sha256'], ['datasets', 'sha256'], ['artifacts', 'sha256'], ['upload_parts', 'sha256'], ['blob_holds', 'sha256'], ['jobs', 'checkpoint_sha256'], ['jobs', 'weights_sha256']] as const

const REFERRED = Prisma.raw(REFERRING.map(([table, column]) => `SELECT ${column} AS sha256 FROM ${table} WHERE ${column} IS NOT NULL`).join(' UNION '))

/** Any number, the same in every Espalier: with a hash of the sha256 it names the lock. */
const LOCK = 7_126_344

/** At most so many come from one call of `freedBlobs`; the rest comes with the next. */
const FREED_AT_ONCE = 100

/** A large blob takes its store a while to remove. */
const REMOVE_MS = 120_000

/** The part of the Catalog that knows which blobs of all tenants are used. */
export function blobUseIn ({ prisma, patiently, once }: Database): BlobUse {
  return {
    async holdBlob (sha256) {
      const id = randomUUID()
      // Shared: holders need not wait for each other, only for whoever removes.
      await patiently(async () => await prisma.$executeRaw`
        INSERT INTO blob_holds (id, sha256) SELECT ${id}::uuid, ${sha256} FROM (SELECT pg_advisory_xact_lock_shared(${LOCK}::int, hashtext(${sha256}))) AS waited ON CONFLICT DO NOTHING`)
      return id
    },

    async letGo (holds) {
      await patiently(async () => await prisma.blobHold.deleteMany({ where: { id: { in: [...holds] } } }))
    },

    async freedBlobs () {
      const rows = await patiently(async () => await prisma.$queryRaw<Array<{ sha256: string }>>`SELECT sha256 FROM freed_blobs GROUP BY sha256 ORDER BY min(id) LIMIT ${FREED_AT_ONCE}`)
      return rows.map(({ sha256 }) => sha256)
    },

    async removeFreed (sha256, remove) {
      return await once(async () => await prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK}::int, hashtext(${sha256}))`
        // After the lock: each statement sees what was committed before it.
        if (await tx.$executeRaw`DELETE FROM freed_blobs WHERE sha256 = ${sha256}` === 0) return false
        const users = await tx.$queryRaw<unknown[]>`SELECT 1 FROM (${REFERRED}) AS referred WHERE sha256 = ${sha256}`
        if (users.length > 0) return false
        await remove()
        return true
      }, { ...TRANSACTION, timeout: REMOVE_MS }))
    },

    async referencedBlobs () {
      return new Set((await patiently(async () => await prisma.$queryRaw<Array<{ sha256: string }>>`${REFERRED}`)).map(({ sha256 }) => sha256))
    },

    async sweepHolds () {
      return await patiently(async () => await prisma.$executeRaw`DELETE FROM blob_holds WHERE created_at <= now() - ${HOLD_MS}::float8 * interval '1 millisecond'`)
    },
  }
}
