/** How much the API's memory grows while 500 MB are uploaded to it: a data set in one file, and a model in two. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { writeZip } from '../src/models/zip-write.ts'
import { startTestServices } from '../test/support/services.ts'

const MEGABYTES = 500
const SAMPLE_MS = 10
const BOUNDARY = 'upload-memory'

type Message = { readonly url: string } | { readonly rss: number }

/** The child: the API alone, telling its memory. */
async function child (): Promise<void> {
  const [{ readConfig }, { serve }] = await Promise.all([import('../src/config.ts'), import('../src/http/server.ts')])
  const server = await serve(readConfig())
  process.send?.({ url: server.url })
  const timer = setInterval(() => process.send?.({ rss: process.memoryUsage.rss() }), SAMPLE_MS)
  process.once('disconnect', () => {
    clearInterval(timer)
    server.close().finally(() => process.exit(0))
  })
}

type Bytes = AsyncGenerator<Uint8Array>
interface File { readonly name: string, content (megabytes: number): Bytes }

/** Values that do not compress, so that nothing along the way can cheat. */
function * noise (bytes: number): Generator<Uint8Array> {
  const block = crypto.getRandomValues(new Uint8Array(1 << 16))
  // The upper byte of every float32 is kept small: no NaN, no infinity.
  for (let at = 3; at < block.length; at += 4) block[at] = 0x3d
  for (let left = bytes; left > 0; left -= block.length) yield left < block.length ? block.subarray(0, left) : block
}

function npy (type: string, shape: readonly number[]): Uint8Array {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`
  const head = `${text.padEnd(117)}\n`
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([head.length, 0]), Buffer.from(head, 'latin1')])
}

/** x: float32 [n, 28, 28, 1], y: uint8 [n]. */
const dataset: File = {
  name: 'noise.npz',
  async * content (megabytes) {
    const examples = Math.floor(megabytes * 1e6 / (28 * 28 * 4))
    yield * writeZip([
      { name: 'x.npy', content: (async function * () { yield npy('<f4', [examples, 28, 28, 1]); yield * noise(examples * 28 * 28 * 4) })() },
      { name: 'y.npy', content: (async function * () { yield npy('|u1', [examples]); yield new Uint8Array(examples) })() },
    ])
  },
}

/** A TF.js layers model: one Dense layer without bias, square. */
function modelFiles (megabytes: number): File[] {
  const units = Math.floor(Math.sqrt(megabytes * 1e6 / 4))
  const config = {
    name: 'wide',
    layers: [{
      class_name: 'Dense',
      config: { name: 'dense', units, use_bias: false, activation: 'linear', batch_input_shape: [null, units], dtype: 'float32', trainable: true },
    }],
  }
  const json = {
    format: 'layers-model',
    generatedBy: 'keras v2.15.0',
    convertedBy: 'TensorFlow.js Converter v4.22.0',
    modelTopology: { keras_version: '2.15.0', backend: 'tensorflow', model_config: { class_name: 'Sequential', config } },
    weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: [{ name: 'dense/kernel', shape: [units, units], dtype: 'float32' }] }],
  }
  return [
    { name: 'model.json', async * content () { yield Buffer.from(JSON.stringify(json)) } },
    { name: 'group1-shard1of1.bin', async * content () { yield * noise(units * units * 4) } },
  ]
}

async function upload (url: string, files: readonly File[], megabytes: number): Promise<number> {
  let bytes = 0
  const body = async function * (): Bytes {
    for (const file of files) {
      yield Buffer.from(`--${BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="${file.name}"\r\n\r\n`)
      for await (const piece of file.content(megabytes)) {
        bytes += piece.length
        yield piece
      }
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(`--${BOUNDARY}--\r\n`)
  }
  const headers = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
  const stream = Readable.toWeb(Readable.from(body(), { objectMode: false })) as BodyInit
  const answer = await fetch(url, { method: 'POST', headers, body: stream, duplex: 'half' } as RequestInit)
  if (answer.status !== 201) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return bytes
}

interface Growth { readonly growthMb: number, readonly baseMb: number, readonly seconds: number, readonly bytes: number }

async function measure (api: ChildProcess, send: (megabytes: number) => Promise<number>): Promise<Growth> {
  let [base, peak] = [0, 0]
  const watch = (message: Message) => {
    if (!('rss' in message)) return
    base ||= message.rss
    peak = Math.max(peak, message.rss)
  }
  api.on('message', watch)
  await sleep(100)
  const started = performance.now()
  const bytes = await send(MEGABYTES)
  const seconds = (performance.now() - started) / 1000
  await sleep(100)
  api.off('message', watch)
  return { growthMb: Number(((peak - base) / 1e6).toFixed(1)), baseMb: Number((base / 1e6).toFixed(1)), seconds: Number(seconds.toFixed(2)), bytes }
}

async function main (): Promise<void> {
  const services = await startTestServices()
  const env = {
    ...process.env, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, ESPALIER_HOME: services.home, ESPALIER_LOG: 'warn', HOST: '127.0.0.1', PORT: '0',
  }
  const api = fork(fileURLToPath(import.meta.url), ['--child'], { execArgv: ['--import', 'tsx'], env })
  try {
    const [first] = await once(api, 'message') as [Message]
    if (!('url' in first)) throw new Error('the API did not tell its address first')
    const results = {
      dataset: await measure(api, async (megabytes) => await upload(`${first.url}/v1/datasets`, [dataset], megabytes)),
      model: await measure(api, async (megabytes) => await upload(`${first.url}/v1/models`, modelFiles(megabytes), megabytes)),
    }
    const rssGrowthMb = Math.max(results.dataset.growthMb, results.model.growthMb)
    if (process.argv.includes('--json')) return console.log(JSON.stringify({ rssGrowthMb, uploadMb: MEGABYTES, ...results }))
    for (const [name, { growthMb, baseMb, seconds }] of Object.entries(results)) {
      console.log(`${name}: ${MEGABYTES} MB in ${seconds} s, memory ${baseMb} MB + ${growthMb} MB`)
    }
  } finally {
    api.disconnect()
    await once(api, 'exit')
    await services.stop()
  }
}

await (process.argv.includes('--child') ? child() : main())
