/** A whole job on the same images as npz, as PNGs in folders and as Parquet: the same figures. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { JobDataset } from '../../src/methods/job-types.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { createJobs, type Jobs } from '../support/jobs.ts'

describe('data set formats in a job', () => {
  let jobs: Jobs

  before(async () => { jobs = await createJobs(1) })
  after(async () => { await jobs.close() })

  async function metricsOf (format: string, file: string): Promise<Record<string, number>> {
    const dataset: JobDataset = { source: bytesInMemory(Uint8Array.from(await readFile(`test/fixtures/same/${file}`))), name: file, sha256: 'b'.repeat(64), format, inputs: { scale: 1 / 255, offset: 0 } }
    const recipe = { method: 'evaluate', inputs: { scale: 1 / 255, offset: 0 }, evaluation: { latency: false } }
    const { receipt } = await jobs.start(format, 'test/fixtures/models/lenet5.h5', recipe, { dataset })
    return receipt.before.metrics!
  }

  test('npz, images and parquet give the same accuracy and loss', async () => {
    const npz = await metricsOf('npz', 'images.npz')
    // Keras: 0.9 on all test images; a wrong order or scale would give a tenth.
    assert.ok(npz.accuracy! > 0.7, JSON.stringify(npz))
    assert.deepEqual(await metricsOf('images', 'images.zip'), npz)
    assert.deepEqual(await metricsOf('parquet', 'images.parquet'), npz)
  })
})
