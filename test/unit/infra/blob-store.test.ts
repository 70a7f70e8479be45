/** Which blob store a configuration gives. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { createBlobs } from '../../../src/infra/blobs/index.ts'
import { sha256Of } from '../../contract/samples.ts'

test('files lie below ESPALIER_HOME', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'espalier-store-'))
  try {
    const blobs = await createBlobs(readConfig({ ESPALIER_HOME: home }))
    const { sha256 } = await blobs.put((async function * () { yield Buffer.from('abc') })())
    assert.equal(await blobs.localPath(sha256), path.join(home, 'blobs', sha256.slice(0, 2), sha256))
  } finally {
    await rm(home, { recursive: true })
  }
})

test('Postgres and S3 are asked where the configuration says', async () => {
  for (const [env, message] of [
    [{ ESPALIER_BLOBS: 'postgres', DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' }, /Postgres/],
    [{ ESPALIER_BLOBS: 's3', ESPALIER_S3_BUCKET: 'models', ESPALIER_S3_ENDPOINT: 'http://127.0.0.1:1', ESPALIER_S3_ACCESS_KEY_ID: 'a', ESPALIER_S3_SECRET_ACCESS_KEY: 'b' }, /S3/],
  ] as const) {
    const blobs = await createBlobs(readConfig(env))
    await assert.rejects(blobs.has(sha256Of('a')), { code: 'unavailable', message })
    await blobs.close()
  }
  await assert.rejects(createBlobs(readConfig({ ESPALIER_BLOBS: 'postgres' })), { code: 'invalid-configuration', message: /DATABASE_URL/ })
})
