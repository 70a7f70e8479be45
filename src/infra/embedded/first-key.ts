/** The first key of a service: made when it is started for the first time, of the first tenant and with all scopes. */
import { SCOPE_NAMES } from '../../jobs/scopes.ts'
import { FIRST_TENANT } from '../../jobs/tenants.ts'

/** Does nothing when there ever was a key. */
export async function makeFirstKey (databaseUrl: string, tell: (key: string) => void): Promise<void> {
  // Imported late: the database client it needs may only just have been generated.
  const { createCatalog } = await import('../postgres/catalog.ts')
  const catalog = createCatalog(databaseUrl)
  try {
    if (await catalog.anyKey()) return
    tell((await catalog.of(FIRST_TENANT).createKey({ name: 'first', scopes: SCOPE_NAMES, expiresAt: null })).key)
  } finally {
    await catalog.close()
  }
}
