/** A Catalog on a database of its own, and a connection beside it for what only the database can show. */
import pg from 'pg'
import { createCatalog } from '../../src/infra/postgres/catalog.ts'
import type { Catalog } from '../../src/jobs/ports.ts'
import { freshDatabase } from './database.ts'
import { SECRET_KEYS } from './secret-keys.ts'

export interface CatalogOnDatabase {
  readonly url: string
  readonly catalog: Catalog
  readonly admin: pg.Client
  close (): Promise<void>
}

export async function openCatalog (): Promise<CatalogOnDatabase> {
  const { url, drop } = await freshDatabase()
  const catalog = createCatalog(url, { secretKeys: SECRET_KEYS })
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  return {
    url,
    catalog,
    admin,
    async close () {
      await catalog.close()
      await admin.end()
      await drop()
    },
  }
}
