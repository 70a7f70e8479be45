/** Models and data sets in the Catalog. */
import { EspalierError } from '../../errors.ts'
import type { NewFile, TenantCatalog } from '../../jobs/ports.ts'
import { ENDED } from '../../jobs/states.ts'
import { asJson, TRANSACTION, type Database } from './client.ts'
import { after, pageOf } from './cursor.ts'
import { Prisma } from './generated/client.ts'
import type * as rows from './generated/client.ts'
import { newId } from './ids.ts'
import { demand, holdTenant } from './quotas.ts'
import { datasetOf, modelOf, storable } from './rows.ts'
import { endUpload } from './uploads.ts'

type Files = Pick<TenantCatalog, 'createModel' | 'model' | 'models' | 'deleteModel' | 'createDataset' | 'dataset' | 'datasets' | 'deleteDataset'>

const NEWEST_FIRST = [{ createdAt: 'desc' }, { id: 'desc' }] satisfies Array<Record<string, Prisma.SortOrder>>

/** The columns of both tables, by the names of their rows. Every submission looks at them: statements of our own are not composed anew each time. */
const FILE = Prisma.sql`id, tenant_id AS "tenantId", name, format, bytes, sha256, summary, created_at AS "createdAt"`

/** The part of the Catalog that keeps a tenant's models and data sets. */
export function filesIn ({ prisma, patiently, once, quotas }: Database, tenantId: string): Files {
  /** Adds a row where there is room for it. */
  async function added<Row> (kind: 'models' | 'datasets', { bytes, upload }: NewFile, find: (tx: Prisma.TransactionClient) => Promise<Row | null>, create: (tx: Prisma.TransactionClient) => Promise<Row>): Promise<Row> {
    return await patiently(async (lost) => await prisma.$transaction(async (tx) => {
      const limits = await holdTenant(tx, tenantId, quotas)
      // The try that lost its connection may have been the one that did it.
      const there = lost ? await find(tx) : null
      if (there !== null) return there
      // Before its bytes are counted: those of the upload were.
      if (upload !== undefined) await endUpload(tx, tenantId, upload)
      await demand(tx, tenantId, limits, { [kind]: 1, storedBytes: bytes })
      return await create(tx)
    }, TRANSACTION))
  }

  /** Locks the row first, so that no job that needs it can be created in between. */
  async function deleteUnused (table: 'models' | 'datasets', id: string, usedBy: Prisma.JobWhereInput): Promise<boolean> {
    return await once(async () => await prisma.$transaction(async (tx) => {
      const found = await tx.$queryRaw<unknown[]>`SELECT 1 FROM ${Prisma.raw(table)} WHERE id = ${id} AND tenant_id = ${tenantId} FOR UPDATE`
      if (found.length === 0) return false
      const user = await tx.job.findFirst({ where: { AND: [usedBy, { state: { notIn: [...ENDED] } }] }, select: { id: true, state: true } })
      if (user !== null) {
        throw new EspalierError('conflict', `${id} is used by ${user.id}, which is ${user.state}; cancel that job or wait for its end`, { id, job: user.id })
      }
      await tx.$executeRaw`DELETE FROM ${Prisma.raw(table)} WHERE id = ${id} AND tenant_id = ${tenantId}`
      return true
    }))
  }

  return {
    async createModel (file, summary) {
      const id = newId('mdl')
      const data = { id, tenantId, name: storable(file.name), format: summary.format, bytes: file.bytes, sha256: file.sha256, summary: asJson(summary) }
      return modelOf(await added('models', file, async (tx) => await tx.model.findUnique({ where: { id } }), async (tx) => await tx.model.create({ data })))
    },

    async model (id) {
      const [row] = await patiently(async () => await prisma.$queryRaw<rows.Model[]>`SELECT ${FILE} FROM models WHERE id = ${storable(id)} AND tenant_id = ${tenantId}`)
      return row === undefined ? null : modelOf(row)
    },

    async models ({ limit, cursor }) {
      const where = { tenantId, ...after(cursor) }
      return pageOf(await patiently(async () => await prisma.model.findMany({ where, orderBy: NEWEST_FIRST, take: limit + 1 })), limit, modelOf)
    },

    async deleteModel (id) {
      return await deleteUnused('models', storable(id), { modelId: storable(id) })
    },

    async createDataset (file, summary) {
      const id = newId('dst')
      const data = { id, tenantId, name: storable(file.name), format: summary.format, bytes: file.bytes, sha256: file.sha256, summary: asJson(summary) }
      return datasetOf(await added('datasets', file, async (tx) => await tx.dataset.findUnique({ where: { id } }), async (tx) => await tx.dataset.create({ data })))
    },

    async dataset (id) {
      const [row] = await patiently(async () => await prisma.$queryRaw<rows.Dataset[]>`SELECT ${FILE} FROM datasets WHERE id = ${storable(id)} AND tenant_id = ${tenantId}`)
      return row === undefined ? null : datasetOf(row)
    },

    async datasets ({ limit, cursor }) {
      const where = { tenantId, ...after(cursor) }
      return pageOf(await patiently(async () => await prisma.dataset.findMany({ where, orderBy: NEWEST_FIRST, take: limit + 1 })), limit, datasetOf)
    },

    async deleteDataset (id) {
      return await deleteUnused('datasets', storable(id), { OR: [{ datasetId: storable(id) }, { evaluationDatasetId: storable(id) }] })
    },
  }
}
