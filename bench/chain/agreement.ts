/** On how many of the 10,000 test images an export, run by its own runtime, says what the model itself says. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readDataset } from '../../src/datasets/index.ts'
import type { BatchArray, Predictor } from '../../src/engine/predict.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { fileOpener } from '../../src/methods/exports/run-file.ts'
import type { JobInput } from '../../src/methods/job-types.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { openRuntime } from '../../src/methods/runtimes/index.ts'
import { isExport } from '../../src/models/exports/index.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { folderOnDisk, openFile } from '../../src/worker/files.ts'

const BATCH = 250

/** Percent by format, of exports that are run here. `folder` has the outputs, a .keras file among them. */
export async function agreementOf (folder: string, receipt: Receipt, dataset: string): Promise<ReadonlyMap<string, number>> {
  const images = await testImages(dataset)
  const input = { limits: { sessionDataBytes: 2 ** 30 }, engine: async () => await loadEngine(), folder: folderOnDisk(folder), signal: new AbortController().signal } as unknown as JobInput
  const keras = receipt.outputs.find(({ format }) => format === 'keras')!
  const source = await openFile(join(folder, keras.name))
  const model = await readModel(source)
  const wanted = await classes(await (await openRuntime(input, model)).load(model), images)
  await source.close()
  const found = new Map<string, number>()
  for (const { name, format } of receipt.outputs) {
    if (!isExport(format)) continue
    const bytes = await readFile(join(folder, name))
    const opened = await fileOpener(input, format, { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) })()
    if ('refusal' in opened) continue
    const said = await classes(opened.predictor, images)
    found.set(format, 100 * said.filter((one, index) => one === wanted[index]).length / said.length)
  }
  return found
}

/** Scaled to [0, 1], in batches. */
async function testImages (dataset: string): Promise<BatchArray[]> {
  const source = await openFile(dataset)
  try {
    const { features, examples } = (await readDataset(source)).splits.test!
    const raw = await features[0]!.read(0, examples)
    const batches: BatchArray[] = []
    for (let from = 0; from < examples; from += BATCH) batches.push({ shape: [BATCH, 28, 28, 1], values: Float32Array.from(raw.subarray(from * 784, (from + BATCH) * 784), (value) => value / 255) })
    return batches
  } finally {
    await source.close()
  }
}

/** The largest output of each image. Ends the predictor. */
async function classes (predictor: Predictor, batches: readonly BatchArray[]): Promise<number[]> {
  const found: number[] = []
  try {
    for (const batch of batches) {
      const [{ values, shape } = { values: new Float32Array(), shape: [] }] = await predictor.predict([batch])
      const width = shape.at(-1)!
      for (let at = 0; at < values.length; at += width) {
        const row = values.subarray(at, at + width)
        found.push(row.indexOf(Math.max(...row)))
      }
    }
    return found
  } finally {
    predictor.dispose()
  }
}
