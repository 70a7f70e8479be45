/** What every Catalog must know of who refers to blobs: what is freed, what is held, and that holding and removing keep apart. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog, JobRow, NewFile, TenantCatalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import { artifact, DATASET, MODEL, newFile, newSweep, RECEIPT, RECIPE } from './samples.ts'

export function catalogBlobUseContract (name: string, catalog: () => Catalog): void {
  const mine = (): TenantCatalog => catalog().of(FIRST_TENANT)
  const uniqueFile = (): NewFile => newFile(randomBytes(8).toString('hex'))
  /** Asks for the removal of a blob: was it removed? */
  const removed = async (sha256: string): Promise<boolean> => await catalog().removeFreed(sha256, async () => {})
  const jobOf = async (modelId: string): Promise<JobRow> => await mine().createJob({ modelId, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })

  describe(`use of blobs: ${name}`, () => {
    test('whatever deletes a row frees its blob, once', async () => {
      const [model, data, other] = [await mine().createModel(uniqueFile(), MODEL), await mine().createDataset(uniqueFile(), DATASET), await mine().createModel(uniqueFile(), MODEL)]
      const job = await jobOf(other.id)
      const made = { ...artifact('m.keras'), sha256: uniqueFile().sha256 }
      await catalog().begin(job.id, 1, 'w')
      await catalog().checkpoint(job.id, 1, { sha256: uniqueFile().sha256, bytes: 1 })
      const [first, second] = [(await catalog().anyJob(job.id))!.checkpoint!.sha256, uniqueFile().sha256]
      await catalog().checkpoint(job.id, 1, { sha256: second, bytes: 1 })
      assert.deepEqual([await removed(first), await removed(second)], [true, false])
      await catalog().succeed(job.id, 1, RECEIPT, [made])
      assert.deepEqual([await removed(second), await removed(made.sha256)], [true, false])
      await mine().deleteModel(model.id)
      await mine().deleteDataset(data.id)
      await mine().deleteJob(job.id)
      for (const sha256 of [model.sha256, data.sha256, made.sha256]) {
        assert.ok((await catalog().freedBlobs()).includes(sha256))
        assert.deepEqual([await removed(sha256), await removed(sha256)], [true, false])
        assert.ok(!(await catalog().freedBlobs()).includes(sha256))
      }
      assert.equal(await removed(other.sha256), false)
    })

    test('so does a sweep or a tenant that goes with all it has', async () => {
      const { tenant } = await catalog().createTenant(`t ${randomBytes(4).toString('hex')}`, {})
      const theirs = catalog().of(tenant.id)
      const [model, swept] = [await theirs.createModel(uniqueFile(), MODEL), await mine().createModel(uniqueFile(), MODEL)]
      const { sweep, jobs } = await mine().createSweep(newSweep(swept.id, 2))
      const made = { ...artifact('m.keras'), sha256: uniqueFile().sha256 }
      await catalog().begin(jobs[0]!.id, 1, 'w')
      await catalog().succeed(jobs[0]!.id, 1, RECEIPT, [made])
      await mine().requestCancel(jobs[1]!.id)
      await catalog().closeSweep(sweep.id, 1, { points: [], pareto: {}, picked: null } as never)
      assert.equal(await mine().deleteSweep(sweep.id), true)
      assert.equal(await catalog().deleteTenant(tenant.id, true), true)
      assert.deepEqual([await removed(made.sha256), await removed(model.sha256)], [true, true])
    })

    test('what another row refers to stays, whosever it is', async () => {
      const file = uniqueFile()
      const { tenant } = await catalog().createTenant(`t ${randomBytes(4).toString('hex')}`, {})
      const [ours, theirs] = [await mine().createModel(file, MODEL), await catalog().of(tenant.id).createDataset(file, DATASET)]
      await mine().deleteModel(ours.id)
      assert.equal(await removed(file.sha256), false)
      assert.ok((await catalog().referencedBlobs()).has(file.sha256))
      await catalog().of(tenant.id).deleteDataset(theirs.id)
      assert.equal(await removed(file.sha256), true)
    })

    test('what is held stays, and is freed when it is let go of', async () => {
      const file = uniqueFile()
      const { id } = await mine().createModel(file, MODEL)
      const holds = [await catalog().holdBlob(file.sha256), await catalog().holdBlob(file.sha256)]
      await mine().deleteModel(id)
      assert.equal(await removed(file.sha256), false)
      assert.ok((await catalog().referencedBlobs()).has(file.sha256))
      await catalog().letGo([holds[0]!])
      assert.equal(await removed(file.sha256), false)
      await catalog().letGo(holds)
      assert.deepEqual([await removed(file.sha256), await removed(file.sha256)], [true, false])
      assert.equal(await catalog().sweepHolds(), 0)
    })

    test('nobody begins to hold a blob that is being removed', async () => {
      const file = uniqueFile()
      await mine().deleteModel((await mine().createModel(file, MODEL)).id)
      const order: string[] = []
      let holding: Promise<unknown> | undefined
      await catalog().removeFreed(file.sha256, async () => {
        holding = catalog().holdBlob(file.sha256).then(() => { order.push('held') })
        await sleep(300)
        order.push('removed')
      })
      await holding
      assert.deepEqual(order, ['removed', 'held'])
    })

    test('two do not remove the same, and one that fails leaves it to the next', async () => {
      const file = uniqueFile()
      await mine().deleteModel((await mine().createModel(file, MODEL)).id)
      await assert.rejects(catalog().removeFreed(file.sha256, async () => { throw new Error('the store is away') }), /the store is away/)
      let calls = 0
      const results = await Promise.all(Array.from({ length: 4 }, async () => await catalog().removeFreed(file.sha256, async () => { calls++; await sleep(50) })))
      assert.deepEqual([calls, results.filter(Boolean).length], [1, 1])
    })
  })
}
