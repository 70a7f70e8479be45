/** Times two models in turn, as a job does it: argument a LatencyRequest, then one line of JSON. */
import { measureLatency } from '../../src/engine/latency.ts'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { randomInputs } from '../../src/methods/random-inputs.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { openFile } from '../../src/worker/files.ts'
import type { LatencyRequest } from './latency.ts'

const { before, after, batches, threads, runs, warmUp, seconds } = JSON.parse(process.argv[2]!) as LatencyRequest
const { tf } = await loadEngine({ threads })
const sources = [await openFile(before), await openFile(after)]
const models = await Promise.all(sources.map(async (source) => await readModel(source)))
const found: Record<number, number[]> = {}
for (const batch of batches) {
  const predictors = await Promise.all(models.map(async (model) => await createPredictor(tf, model)))
  const figures = await measureLatency(predictors, randomInputs(models[0]!.architecture.graph!, batch, 1), { runs, warmUp, budgetMs: 1000 * seconds })
  found[batch] = figures.map(({ p50 }) => p50)
  for (const predictor of predictors) predictor.dispose()
}
console.log(JSON.stringify(found))
for (const source of sources) await source.close()
