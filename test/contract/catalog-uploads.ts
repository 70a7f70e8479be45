/** What every Catalog must do for uploads that come in pieces. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Catalog, TenantCatalog } from '../../src/jobs/ports.ts'
import { MAX_UPLOADS } from '../../src/jobs/uploads.ts'
import { MODEL, newFile, sha256Of } from './samples.ts'

const HOUR = 3_600_000

export function catalogUploadsContract (name: string, catalog: () => Catalog): void {
  const tenantWith = async (quotas = {}): Promise<{ id: string, mine: TenantCatalog }> => {
    const { tenant: { id } } = await catalog().createTenant(`t ${randomBytes(6).toString('hex')}`, quotas)
    return { id, mine: catalog().of(id) }
  }
  const part = (position: number, bytes: number) => ({ position, bytes, sha256: sha256Of(`${position} ${bytes} ${Math.random()}`) })

  describe(`uploads in pieces: ${name}`, () => {
    test('pieces are added where it ends, and nowhere else; never more than it has', async () => {
      const { mine } = await tenantWith()
      const metadata = { filename: 'a\0b.keras', empty: null }
      const { id, ...begun } = await mine.createUpload({ bytes: 10, metadata }, HOUR)
      assert.deepEqual({ ...begun, createdAt: 0, expiresAt: 0 }, { bytes: 10, received: 0, metadata, expired: false, createdAt: 0, expiresAt: 0 })
      const [first, second] = [part(0, 4), part(4, 6)]
      assert.equal(await mine.addUploadPart(id, first, HOUR), 4)
      for (const wrong of [part(0, 4), part(3, 1), part(5, 1)]) await assert.rejects(mine.addUploadPart(id, wrong, HOUR), { code: 'conflict' })
      await assert.rejects(mine.addUploadPart(id, part(4, 7), HOUR), { code: 'payload-too-large' })
      assert.equal((await mine.upload(id))?.received, 4)
      assert.equal(await mine.addUploadPart(id, second, HOUR), 10)
      assert.deepEqual(await mine.uploadParts(id), [first, second])
      assert.deepEqual((await mine.uploads({ limit: 5 })).items, [await mine.upload(id)])
      assert.deepEqual([await mine.deleteUpload(id), await mine.deleteUpload(id)], [true, false])
      await assert.rejects(mine.addUploadPart(id, part(0, 1), HOUR), { code: 'not-found' })
    })

    test('of pieces for the same place at once, one is added', async () => {
      const { mine } = await tenantWith()
      const { id } = await mine.createUpload({ bytes: 100, metadata: {} }, HOUR)
      const results = await Promise.allSettled(Array.from({ length: 6 }, async () => await mine.addUploadPart(id, part(0, 10), HOUR)))
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.ok(results.every((result) => result.status === 'fulfilled' || result.reason.code === 'conflict'))
      assert.deepEqual([(await mine.upload(id))?.received, (await mine.uploadParts(id)).length], [10, 1])
    })

    test('all its bytes count as stored from its beginning, also when many begin at once', async () => {
      const { mine } = await tenantWith({ storedBytes: 100 })
      const results = await Promise.allSettled(Array.from({ length: 5 }, async () => await mine.createUpload({ bytes: 30, metadata: {} }, HOUR)))
      assert.deepEqual(results.map((result) => result.status === 'fulfilled' ? 'begun' : result.reason.code).sort(), ['begun', 'begun', 'begun', 'quota-exceeded', 'quota-exceeded'])
      assert.equal((await mine.standing()).used.storedBytes, 90)
      await assert.rejects(mine.createModel({ ...newFile('m'), bytes: 11 }, MODEL), { code: 'quota-exceeded' })
      await mine.deleteUpload((await mine.uploads({ limit: 1 })).items[0]!.id)
      assert.equal((await mine.standing()).used.storedBytes, 60)
    })

    test('it ends with what is made of it, whose bytes take its place; only one thing is', async () => {
      const { mine } = await tenantWith({ storedBytes: 100 })
      const { id: upload } = await mine.createUpload({ bytes: 90, metadata: {} }, HOUR)
      const file = { ...newFile('m'), bytes: 90, upload }
      const results = await Promise.allSettled([mine.createModel(file, MODEL), mine.createModel(file, MODEL)])
      assert.deepEqual(results.map((result) => result.status === 'fulfilled' ? 'made' : result.reason.code).sort(), ['made', 'not-found'])
      assert.deepEqual([await mine.upload(upload), (await mine.standing()).used.storedBytes, (await mine.standing()).used.models], [null, 90, 1])
    })

    test('one that has expired takes nothing more and is swept, with its pieces and a line in the record', async () => {
      const { mine } = await tenantWith()
      const { id } = await mine.createUpload({ bytes: 10, metadata: {} }, HOUR)
      const piece = part(0, 4)
      await mine.addUploadPart(id, piece, 0)
      assert.equal((await mine.upload(id))?.expired, true)
      await assert.rejects(mine.addUploadPart(id, part(4, 1), HOUR), { code: 'upload-expired' })
      const { id: young } = await mine.createUpload({ bytes: 10, metadata: {} }, HOUR)
      assert.ok((await catalog().referencedBlobs()).has(piece.sha256))
      assert.equal(await catalog().sweepUploads(), 1)
      assert.deepEqual([await mine.upload(id), (await mine.upload(young))?.id], [null, young])
      assert.equal(await catalog().removeFreed(piece.sha256, async () => {}), true)
      const [line] = (await mine.audit({ limit: 5 })).items
      assert.deepEqual([line?.actor, line?.action, line?.target, line?.details], ['retention', 'expireUpload', id, { bytes: 10, received: 4 }])
    })

    test('a tenant has so many at once, no more', async () => {
      const { mine } = await tenantWith()
      for (let made = 0; made < MAX_UPLOADS; made += 5) await Promise.all(Array.from({ length: 5 }, async () => await mine.createUpload({ bytes: 1, metadata: {} }, HOUR)))
      await assert.rejects(mine.createUpload({ bytes: 1, metadata: {} }, HOUR), { code: 'limit-exceeded' })
    })
  })
}
