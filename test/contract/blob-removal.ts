/** What every blob store must hold through: rows that go, and the same bytes that come in at the same time. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Blobs, TenantCatalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { holding } from '../../src/jobs/use-cases/holding.ts'
import { removeFreed } from '../../src/jobs/use-cases/remove-freed.ts'
import { openCatalog, type CatalogOnDatabase } from '../support/catalog.ts'
import { collect, of } from './blobs.ts'
import { MODEL, sha256Of } from './samples.ts'

/** Long enough to be written in pieces by the stores that do so. */
const BYTES = 300_000

export function blobRemovalContract (name: string, open: () => Promise<{ blobs: Blobs, close (): Promise<unknown> }>, rounds: number): void {
  describe(`removal of blobs: ${name}`, () => {
    let database: CatalogOnDatabase
    let store: Awaited<ReturnType<typeof open>>
    let mine: TenantCatalog
    before(async () => {
      [database, store] = [await openCatalog(), await open()]
      mine = database.catalog.of(FIRST_TENANT)
    })
    after(async () => {
      await store.close()
      await database.close()
    })

    /** As a request does: the bytes are put, then read, then a row is made. */
    const upload = async (bytes: Uint8Array, between: () => Promise<unknown> = async () => {}): Promise<string> => {
      const held = holding({ catalog: database.catalog, blobs: store.blobs })
      try {
        const file = await held.blobs.put(of(bytes))
        await between()
        return (await mine.createModel({ ...file, name: 'm' }, MODEL)).id
      } finally {
        await held.letGo()
      }
    }
    const clean = async (): Promise<number> => await removeFreed({ catalog: database.catalog, blobs: store.blobs })

    test('what no row refers to goes at once; what another row refers to stays', async () => {
      const bytes = randomBytes(BYTES)
      const [first, second] = [await upload(bytes), await upload(bytes)]
      await mine.deleteModel(first)
      assert.equal(await clean(), 0)
      assert.ok(bytes.equals(await collect(store.blobs.stream(sha256Of(bytes)))))
      await mine.deleteModel(second)
      assert.equal(await clean(), 1)
      assert.equal(await store.blobs.has(sha256Of(bytes)), false)
    })

    test('an upload that came to nothing leaves nothing', async () => {
      const bytes = randomBytes(BYTES)
      await assert.rejects(upload(bytes, async () => { throw new Error('cannot be read') }), /cannot be read/)
      await clean()
      assert.equal(await store.blobs.has(sha256Of(bytes)), false)
    })

    test('the last row goes while the same bytes are read: they stay', async () => {
      const bytes = randomBytes(BYTES)
      const first = await upload(bytes)
      await upload(bytes, async () => {
        await mine.deleteModel(first)
        await clean()
      })
      assert.equal(await clean(), 0)
      assert.ok(bytes.equals(await collect(store.blobs.stream(sha256Of(bytes)))))
    })

    test('the bytes come in while they are removed: they are there afterwards', async () => {
      const bytes = randomBytes(BYTES)
      await mine.deleteModel(await upload(bytes))
      let coming: Promise<string> | undefined
      const slow = {
        ...store.blobs, async delete (sha256: string) {
          coming = upload(bytes)
          await new Promise((resolve) => setTimeout(resolve, 200))
          return await store.blobs.delete(sha256)
        }
      }
      assert.equal(await removeFreed({ catalog: database.catalog, blobs: slow }), 1)
      await coming
      assert.ok(bytes.equals(await collect(store.blobs.stream(sha256Of(bytes)))))
    })

    test(`${rounds} times at once: rows that go, removal, the same bytes again; a row always has its blob`, async () => {
      const bytes = randomBytes(BYTES)
      let id = await upload(bytes)
      for (let round = 0; round < rounds; round++) {
        const [next] = await Promise.all([upload(bytes), mine.deleteModel(id).then(clean), clean(), upload(bytes).then(async (other) => await mine.deleteModel(other)).then(clean)])
        id = next
        assert.equal(await store.blobs.has(sha256Of(bytes)), true, `round ${round}`)
      }
      assert.ok(bytes.equals(await collect(store.blobs.stream(sha256Of(bytes)))))
      await mine.deleteModel(id)
      await clean()
      assert.equal(await store.blobs.has(sha256Of(bytes)), false)
    })
  })
}
