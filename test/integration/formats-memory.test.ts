/** A model of 500 MB is summarised and pruned without being held: memory is watched while it happens. */
import assert from 'node:assert/strict'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { datatypeOf } from '../../src/models/formats/hdf5/index.ts'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { emptyGroup, groupAt } from '../../src/models/formats/keras-spec.ts'
import { writeArchive } from '../../src/models/formats/keras-archive.ts'
import { summarizeModel } from '../../src/models/summary.ts'
import { openFile } from '../../src/worker/files.ts'

const INPUTS = 16_000
const UNITS = 8192
const MB = 2 ** 20

const CONFIG = {
  module: 'keras',
  class_name: 'Sequential',
  config: {
    name: 'large',
    layers: [
      { module: 'keras.layers', class_name: 'InputLayer', config: { batch_shape: [null, INPUTS], dtype: 'float32', name: 'x' }, registered_name: null },
      { module: 'keras.layers', class_name: 'Dense', config: { name: 'dense', units: UNITS, activation: 'linear', use_bias: true }, registered_name: null },
    ],
  },
  registered_name: null,
}

let folder = ''
before(async () => { folder = await mkdtemp(join(tmpdir(), 'espalier-memory-')) })
after(async () => { await rm(folder, { recursive: true, force: true }) })

/** Writes to a file at `name`; gives the sink and how to close it. */
async function sinkAt (name: string) {
  const handle = await open(join(folder, name), 'wx')
  return { write: async (offset: number, bytes: Uint8Array) => { await handle.write(bytes, 0, bytes.length, offset) }, close: async () => { await handle.close() } }
}

async function makeLarge (): Promise<void> {
  const tree = emptyGroup()
  const vars = groupAt(tree, 'layers/dense/vars')
  const row = Float32Array.from({ length: UNITS }, (_, index) => index % 4 === 0 ? 0 : 1 / (index + 1))
  const rows = async function * () { for (let at = 0; at < INPUTS; at++) yield new Uint8Array(row.buffer) }
  const float32 = datatypeOf('float32')
  vars.children.set('0', { kind: 'dataset', shape: [INPUTS, UNITS], datatype: float32, attributes: new Map(), compress: false, data: rows })
  vars.children.set('1', { kind: 'dataset', shape: [UNITS], datatype: float32, attributes: new Map(), compress: false, data: async () => new Uint8Array(4 * UNITS) })
  const sink = await sinkAt('large.keras')
  await writeArchive([{ name: 'config.json', content: new TextEncoder().encode(JSON.stringify(CONFIG)) }, { name: 'model.weights.h5', content: tree }], sink)
  await sink.close()
}

/** The largest growth of this process' memory while `work` runs, in bytes. */
async function growth (work: () => Promise<void>): Promise<number> {
  const start = process.memoryUsage.rss()
  let peak = start
  const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()) }, 5)
  await work()
  clearInterval(timer)
  return Math.max(peak, process.memoryUsage.rss()) - start
}

test('500 MB: writing, reading with a summary, and writing again each take less than 100 MB', { timeout: 120_000 }, async () => {
  const made = await growth(makeLarge)
  assert.ok((await stat(join(folder, 'large.keras'))).size > 500 * MB)
  const source = await openFile(join(folder, 'large.keras'))
  const model = await readModel(source)
  const summarized = await growth(async () => {
    const { weights, nonzeros, prunableWeights } = await summarizeModel(model)
    assert.deepEqual([weights, nonzeros, prunableWeights], [INPUTS * UNITS + UNITS, INPUTS * UNITS * 3 / 4, INPUTS * UNITS])
  })
  const written = await growth(async () => {
    const sink = await sinkAt('again.h5')
    await writeModel(model, new Map(), 'keras-h5', { compress: true, optimizerState: 'drop' }, sink)
    await sink.close()
  })
  await source.close()
  for (const [what, bytes] of Object.entries({ made, summarized, written })) assert.ok(bytes < 100 * MB, `${what}: ${Math.round(bytes / MB)} MB`)
})
