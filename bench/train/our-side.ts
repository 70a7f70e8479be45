/** Our sides of `npm run bench:train`, in the peers' protocol: argument the SideSpec and which side, then a line of JSON in, a line out. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as tf from '@tensorflow/tfjs-core'
import { loadEngine } from '../../src/engine/runtime.ts'
import { runGraph } from '../../src/engine/forward.ts'
import { arenasOf, magnitude, prunedWeights, masksByScore, setMasks } from '../../src/engine/prune/masks.ts'
import type { TrainingOptions } from '../../src/engine/train/options.ts'
import { sparseCrossEntropy } from '../../src/engine/ops/cross-entropy.ts'
import type { TrainState } from '../../src/engine/train/state.ts'
import { createTrainer, type Trainer } from '../../src/engine/train/trainer.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { openFile } from '../../src/worker/files.ts'
import type { OurSide, SideSpec } from './protocol.ts'

/** As the mark has it: how often the masks of the masked side are set anew, and how much they leave out. */
const MASK_EVERY = 50
const SPARSITY = 0.9

const spec = JSON.parse(process.argv[2]!) as SideSpec
const side = process.argv[3] as OurSide
const { info } = await loadEngine({ threads: spec.threads })
const [images, labels] = await Promise.all(['images.u8', 'labels.u8'].map(async (name) => new Uint8Array(await readFile(join(spec.folder, name)))))
const examples = labels!.length
const features = Float32Array.from(images!, (value) => value / 255)
const source = await openFile(join(spec.folder, `${spec.model}.keras`))
const model = await readModel(source)

const options: TrainingOptions = {
  epochs: 1,
  batchSize: spec.batch,
  optimizer: { type: 'adam', learningRate: spec.learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false, schedule: { type: 'constant' }, weightDecay: 0, clip: null },
  loss: 'sparse-categorical-crossentropy',
  metrics: null,
  shuffle: true,
  classWeights: null,
  validation: 0,
  earlyStopping: null,
  timeBudget: null,
  checkpointEvery: 3600,
}

const trainer = await createTrainer({
  model,
  options,
  seed: 1,
  mode: side === 'eager' ? 'eager' : 'compiled',
  data: { examples, features: [{ shape: [28, 28, 1], values: features }], targets: [{ shape: [], values: Float32Array.from(labels!) }] },
  ...(side === 'compiled-masked' && {
    pruner: {
      mask: ({ prunable }: { prunable: boolean }, values: Float32Array) => prunable ? new Float32Array(values.length).fill(1) : undefined,
      kinds: { train: {} },
      functions: (state: TrainState) => ({
        mask: {
          inputs: [],
          run () {
            const arenas = arenasOf(state, [{ members: prunedWeights(state).map(({ name }) => name) }], new Map())
            const size = prunedWeights(state).reduce((sum, { variable }) => sum + variable.size, 0)
            return [setMasks(state, masksByScore(arenas, tf.tensor1d([Math.floor(SPARSITY * size)], 'int32'), magnitude), { hide: true })]
          },
        },
      }),
    },
  }),
})

/** At inference, as every side says it before its first step. */
function initialLoss ({ state }: Trainer): number {
  return tf.tidy(() => {
    const x = tf.tensor(features.subarray(0, spec.lossExamples * 784), [spec.lossExamples, 28, 28, 1])
    const [logits] = runGraph(model.architecture, state.of, [x])
    return tf.mean(sparseCrossEntropy(logits!, tf.tensor1d(Int32Array.from(labels!.subarray(0, spec.lossExamples)), 'int32'))).dataSync()[0]!
  })
}

const full = Math.floor(examples / spec.batch)
let epoch = 0
let at = 0
let done = 0

function run (steps: number): { seconds: number, loss: number } {
  const begin = performance.now()
  let [sum, count] = [0, 0]
  const collect = (): void => {
    const { loss, examples: seen } = trainer.sums()
    if (seen > 0) [sum, count] = [sum + loss * seen, count + seen]
  }
  for (let left = steps; left > 0;) {
    if (at === 0 || at === full) {
      if (at === full) collect()
      trainer.begin(epoch++)
      at = 0
    }
    const untilMask = side === 'compiled-masked' ? MASK_EVERY - done % MASK_EVERY : left
    const part = Math.min(left, full - at, untilMask)
    trainer.steps(at, at + part)
    at += part
    done += part
    left -= part
    if (side === 'compiled-masked' && done % MASK_EVERY === 0) tf.dispose(trainer.program.run('mask'))
  }
  collect()
  return { seconds: (performance.now() - begin) / 1000, loss: sum / count }
}

const first = initialLoss(trainer)
run(10)
console.log(JSON.stringify({ ready: { versions: `tfjs ${info.tfjs} on TensorFlow ${info.tensorflow}`, initialLoss: first } }))
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(run((JSON.parse(line) as { run: number }).run)))
trainer.dispose()
await source.close()
