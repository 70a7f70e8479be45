/** Our sides of `npm run bench:evaluate`, in the peers' protocol: argument the EvaluateSpec and which side, then a line of JSON in, a line out. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ExampleArray, Split } from '../../src/datasets/dataset.ts'
import { evaluate } from '../../src/engine/evaluate.ts'
import { createPredictor, type Predictor } from '../../src/engine/predict.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { sizeOf, type Shape } from '../../src/models/tensor.ts'
import { openFile } from '../../src/worker/files.ts'
import type { EvaluateSpec, OurSide } from './sides.ts'

const spec = JSON.parse(process.argv[2]!) as EvaluateSpec
const side = process.argv[3] as OurSide
const { tf, info } = await loadEngine({ threads: spec.threads })
const source = await openFile(spec.model)
const model = await readModel(source)

async function held (name: string, shape: Shape): Promise<ExampleArray> {
  const bytes = await readFile(join(spec.folder, name))
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  const size = sizeOf(shape)
  return { shape, type: 'float32', read: async (from, to) => values.subarray(from * size, to * size) }
}

const split: Split = { examples: spec.examples, features: [await held('images.f32', [28, 28, 1])], targets: [await held('labels.f32', [])] }
const open = async (): Promise<Predictor> => await createPredictor(tf, model, undefined, { mode: side === 'eager' ? 'eager' : 'auto' })
const kept = side === 'fresh' ? undefined : await open()

/** The loss of one evaluation. */
async function once (): Promise<number> {
  const predictor = kept ?? await open()
  const { metrics: [metrics] } = await evaluate(model.architecture, [predictor], split, { batchSize: spec.batch, task: 'auto' })
  if (kept === undefined) predictor.dispose()
  return metrics!.loss!
}

async function run (passes: number): Promise<{ seconds: number, loss: number }> {
  const begin = performance.now()
  let loss = 0
  for (let count = 0; count < passes; count++) loss = await once()
  return { seconds: (performance.now() - begin) / 1000, loss }
}

const first = await run(1)
console.log(JSON.stringify({ ready: { versions: `tfjs ${info.tfjs} on TensorFlow ${info.tensorflow}`, initialLoss: first.loss } }))
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await run((JSON.parse(line) as { run: number }).run)))
kept?.dispose()
await source.close()
