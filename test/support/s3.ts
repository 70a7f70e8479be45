/** An S3-compatible store for tests: a real server, in a folder of its own, on loopback. */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Settings } from '../../src/config-s3.ts'
import { freePort } from '../../src/infra/embedded/ports.ts'
import { findSeaweed } from './s3-program.ts'

export interface TestS3 {
  readonly endpoint: string
  /** A new bucket on it. */
  bucket (): Promise<S3Settings & { readonly endpoint: string }>
  stop (): Promise<void>
}

const CREDENTIALS = { accessKeyId: 'testkey12345', secretAccessKey: 'testsecret12345' }
const START_MS = 60_000

/** Another server's address, with these keys, takes the place of the one that is started: to try the store on it by hand. */
const GIVEN = process.env['ESPALIER_TEST_S3']

/** A port that was free may be another's by the time that the server takes it, and it takes eight: then others are tried. */
const TRIES = 3

export async function startS3 (): Promise<TestS3> {
  if (GIVEN !== undefined) return { endpoint: GIVEN, bucket: async () => await newBucket(GIVEN), stop: async () => {} }
  const program = await findSeaweed()
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(program)
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

async function startOnce (program: string): Promise<TestS3> {
  const folder = await mkdtemp(path.join(tmpdir(), 'espalier-s3-'))
  const settings = path.join(folder, 's3.json')
  const { accessKeyId: accessKey, secretAccessKey: secretKey } = CREDENTIALS
  await writeFile(settings, JSON.stringify({ identities: [{ name: 'test', credentials: [{ accessKey, secretKey }], actions: ['Admin', 'Read', 'Write', 'List'] }] }))
  const port = await freePort()
  const ports = ['s3.port.grpc', 'master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc', 'filer.port', 'filer.port.grpc']
  const log = path.join(folder, 'log')
  const args = [
    'server', `-dir=${folder}`, '-ip=127.0.0.1', '-ip.bind=127.0.0.1', '-master.telemetry=false', '-master.volumeSizeLimitMB=256', '-volume.max=64', '-volume.minFreeSpace=64MiB',
    '-filer', `-filer.localSocket=${path.join(folder, 'filer.sock')}`, '-s3', `-s3.port=${port}`, `-s3.config=${settings}`, `-s3.localSocket=${path.join(folder, 's3.sock')}`,
    '-s3.port.iceberg=0', '-s3.port.lance=0', ...await Promise.all(ports.map(async (name) => `-${name}=${await freePort()}`)),
  ]
  const child = spawn('/bin/sh', ['-c', 'exec "$@" 2>"$0"', log, program, ...args], { cwd: folder, stdio: 'ignore' })
  const ended = once(child, 'exit')
  const endpoint = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await until(async () => { await newBucket(endpoint) }, () => child.exitCode === null)
  } catch (cause) {
    const said = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-10).join('\n')
    await stop()
    throw new Error(`the S3 server does not answer:\n${said}`, { cause })
  }
  return { endpoint, bucket: async () => await newBucket(endpoint), stop }
}

async function until (works: () => Promise<void>, goesOn: () => boolean): Promise<void> {
  for (const end = Date.now() + START_MS; ;) {
    try {
      return await works()
    } catch (error) {
      if (Date.now() > end || !goesOn()) throw error
      await sleep(100)
    }
  }
}

async function newBucket (endpoint: string): Promise<S3Settings & { readonly endpoint: string }> {
  const bucket = `test-${randomBytes(6).toString('hex')}`
  const settings = { bucket, endpoint, region: 'us-east-1', prefix: 'a/prefix/', credentials: CREDENTIALS }
  const client = clientOf(settings)
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
  } finally {
    client.destroy()
  }
  return settings
}

/** A plain client, to look at a bucket from outside. */
export function clientOf ({ endpoint, region, credentials }: S3Settings): S3Client {
  return new S3Client({ region, ...(endpoint !== undefined && { endpoint, forcePathStyle: true }), ...(credentials !== undefined && { credentials }), responseChecksumValidation: 'WHEN_REQUIRED' })
}
