/** kill -9 of an API process within an upload in pieces: it goes on at another process that shares only Postgres, Valkey and the blob store. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Upload } from 'tus-js-client'
import { environmentOfS3, type S3Settings } from '../../src/config-s3.ts'
import { freePort } from '../../src/infra/embedded/ports.ts'
import { freshDatabase } from '../support/database.ts'
import { safetensorsFile } from '../support/large-safetensors.ts'
import { freshPrefix } from '../support/queue.ts'
import { startS3 } from '../support/s3.ts'
import { sha256 } from './http-harness.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MiB = 1 << 20
const START_MS = 90_000

interface Api { readonly url: string, readonly port: number, readonly child: ChildProcess }

async function startApi (env: Readonly<Record<string, string | undefined>>): Promise<Api> {
  const port = await freePort()
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/api.ts'], { cwd: ROOT, env: { ...process.env, ...env, PORT: String(port), ESPALIER_SETUP: 'skip', ESPALIER_LOG: 'error' }, stdio: ['ignore', 'inherit', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  for (const until = Date.now() + START_MS; ;) {
    if (await fetch(`${url}/readyz`).then(({ status }) => status === 200, () => false)) return { url, port, child }
    assert.ok(Date.now() < until && child.exitCode === null, 'the API did not start')
    await sleep(200)
  }
}

async function kill ({ child }: Api): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/** Sends the rest to `address` as a client does that knows nothing but where the upload is. */
async function resume (file: Buffer, address: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    new Upload(file, { uploadUrl: address, uploadSize: file.length, retryDelays: [200, 500, 1000], onSuccess: () => { resolve() }, onError: reject }).start()
  })
}

async function survives (env: Readonly<Record<string, string | undefined>>, separate: readonly [object, object]): Promise<void> {
  const database = await freshDatabase()
  const { url: redisUrl, prefix } = freshPrefix()
  const shared = { ...env, DATABASE_URL: database.url, REDIS_URL: redisUrl, ESPALIER_QUEUE_PREFIX: prefix, ESPALIER_SECRET_KEY: randomBytes(32).toString('hex') }
  const [first, second] = await Promise.all(separate.map(async (own) => await startApi({ ...shared, ...own }))) as [Api, Api]
  try {
    const file = Buffer.from(safetensorsFile({ kernel: ['F32', [1024, 6144]] }, 1000))
    const begun = await fetch(`${first.url}/v1/uploads`, { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': String(file.length), 'upload-metadata': `filename ${Buffer.from('large.safetensors').toString('base64')}` } })
    const place = begun.headers.get('location')!
    const received = async (): Promise<number> => (await (await fetch(second.url + place)).json() as { received: number }).received
    const client = connect(first.port, '127.0.0.1').on('error', () => {})
    client.write(`PATCH ${place} HTTP/1.1\r\nhost: localhost\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\ncontent-type: application/offset+octet-stream\r\ncontent-length: ${file.length}\r\n\r\n`)
    client.write(file.subarray(0, 20 * MiB))
    for (let tries = 300; tries > 0 && await received() < 16 * MiB; tries--) await sleep(100)
    await kill(first)
    client.destroy()
    assert.equal(await received(), 16 * MiB, 'of what was sent two pieces are stored, and the third, unfinished one is not')
    await resume(file, second.url + place)
    const answer = await fetch(`${second.url}/v1/models`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ upload: place.split('/').at(-1) }) })
    const model = await answer.json() as { id: string, sha256: string, bytes: number, weights: number }
    assert.deepEqual([answer.status, model.sha256, model.bytes, model.weights], [201, sha256(file), file.length, 1024 * 6144])
    const download = await fetch(`${second.url}/v1/models/${model.id}/file`)
    assert.equal(sha256(new Uint8Array(await download.arrayBuffer())), model.sha256)
  } finally {
    await Promise.all([first, second].filter(({ child }) => child.exitCode === null && child.signalCode === null).map(kill))
    await database.drop()
  }
}

/** Folders of their own: two processes on two machines have no more in common. */
async function withHomes (work: (homes: readonly [object, object]) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-uploads-'))
  try {
    await work([{ ESPALIER_HOME: path.join(folder, 'a') }, { ESPALIER_HOME: path.join(folder, 'b') }])
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

test('blobs in Postgres', async () => {
  await withHomes(async (homes) => { await survives({ ESPALIER_BLOBS: 'postgres' }, homes) })
})

test('blobs in S3', async () => {
  const server = await startS3()
  try {
    const settings: S3Settings = await server.bucket()
    await withHomes(async (homes) => { await survives({ ESPALIER_BLOBS: 's3', ...environmentOfS3(settings) }, homes) })
  } finally {
    await server.stop()
  }
})

test('blobs in files, in one folder of one machine', async () => {
  await withHomes(async ([home]) => { await survives({ ESPALIER_BLOBS: 'files' }, [home, home]) })
})
