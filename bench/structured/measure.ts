/** One model in one case: ours by every variant, and the peer. */
import { EspalierError } from '../../src/errors.ts'
import { CASES, EPOCHS, FINE_TUNING, MODELS, VARIANTS, type CaseName, type ModelName } from './cases.ts'
import type { Examples } from './data.ts'
import { fineTuned } from './fine-tune.ts'
import { accuracyFigures, latencyFigures, type Run } from './figures.ts'
import { ourLatency, type Latencies, type LatencySpec } from './latency.ts'
import { outputsOf } from './outputs.ts'
import { runPeer, type PeerAccuracy } from './peer.ts'
import { pruneOnce } from './prune.ts'

export interface Measuring {
  readonly examples: Examples
  /** For what is written on the way. */
  readonly folder: string
  readonly seeds: readonly number[]
  /** Is what was pruned trained on? */
  readonly train: boolean
  readonly python: string
  readonly threads: number
  log (line: string): void
}

/** As PyTorch has them on the processor: the last bits differ. */
const TOLERANCE = 1e-4
const COMPARED = 64

const LATENCY: Omit<LatencySpec, 'threads'> = { batches: [1, 64], runs: 400, warmUp: 10, seconds: 3 }

/** In turn with the peer, so that what slows the machine down for a while slows both. */
const LATENCY_ROUNDS = 3

/** Trained further as it came, by seed: the same for all cases. */
export async function denseRuns (name: ModelName, { examples, folder, seeds, train, log }: Measuring): Promise<number[][]> {
  const runs: number[][] = []
  for (const seed of seeds) {
    runs.push(train ? await fineTuned({ model: MODELS[name], dataset: examples.zip, folder, seed }) : [])
    log(`${name} as it came, seed ${seed}: ${JSON.stringify(runs.at(-1))}`)
  }
  return runs
}

/** A variant may have nothing to say of a model: then `leftOut` has the reason. */
export async function ourAccuracy (name: ModelName, chosen: CaseName, variant: string, dense: readonly number[][], measuring: Measuring): Promise<Record<string, unknown>> {
  try {
    return await pruneAndTrain(name, chosen, variant, dense, measuring)
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'nothing-pruned') return { leftOut: error.message }
    throw error
  }
}

async function pruneAndTrain (name: ModelName, chosen: CaseName, variant: string, dense: readonly number[][], { examples, folder, seeds, train, log }: Measuring): Promise<Record<string, unknown>> {
  const runs: Run[] = []
  for (const [index, seed] of seeds.entries()) {
    const request = { model: MODELS[name], dataset: examples.zip, folder, seed }
    const { path, ...pruned } = await pruneOnce(request, chosen, VARIANTS[variant]!)
    runs.push({ ...pruned, epochs: train ? await fineTuned({ ...request, model: path }) : [], denseEpochs: dense[index]! })
    log(`${name} ${chosen} ${variant} seed ${seed}: ${JSON.stringify(runs.at(-1))}`)
  }
  return accuracyFigures(runs)
}

async function peerModel (name: ModelName, chosen: CaseName, { examples: { folder } }: Measuring) {
  return { name, model: MODELS[name], folder, target: CASES[chosen].target, tolerance: TOLERANCE, outputs: await outputsOf(MODELS[name], folder, COMPARED) }
}

/** A string: why it did not run. */
export async function peerAccuracy (name: ModelName, chosen: CaseName, known: ReadonlyArray<readonly number[]> | undefined, measuring: Measuring): Promise<{ figures: Record<string, unknown>, dense: ReadonlyArray<readonly number[]> } | string> {
  const { python, seeds, threads, train, log } = measuring
  const runs: PeerAccuracy[] = []
  let about = {}
  for (const seed of seeds) {
    const answer = await runPeer<'accuracy'>(python, {
      part: 'accuracy', ...await peerModel(name, chosen, measuring), epochs: train ? EPOCHS : 0, batch: FINE_TUNING.batchSize, rate: FINE_TUNING.optimizer.learningRate, seed, threads, trainDense: train && known === undefined,
    })
    if (typeof answer === 'string') return answer
    const { versions, difference, ...run } = answer
    about = { versions, difference }
    runs.push({ ...run, difference })
    log(`${name} ${chosen} peer seed ${seed}: ${JSON.stringify(answer)}`)
  }
  const dense = known ?? runs.map(({ denseEpochs }) => denseEpochs ?? [])
  return { dense, figures: { ...accuracyFigures(runs.map((run, index) => ({ ...run, denseEpochs: dense[index]! }))), ...about } }
}

/** Of the default variant and the peer, on one thread and on `threads`. */
export async function latencies (name: ModelName, chosen: CaseName, measuring: Measuring): Promise<{ ours: Record<string, number>, peer: Record<string, number> | string }> {
  const { examples, folder, threads, python, log } = measuring
  const { path } = await pruneOnce({ model: MODELS[name], dataset: examples.zip, folder, seed: 0 }, chosen, {})
  const request = await peerModel(name, chosen, measuring)
  const [ours, peer] = [new Map<number, Latencies[]>(), new Map<number, Latencies[]>()]
  let missing: string | undefined
  for (const count of new Set([1, threads])) {
    ours.set(count, [])
    peer.set(count, [])
    for (let round = 0; round < LATENCY_ROUNDS; round++) {
      ours.get(count)!.push(await ourLatency({ ...LATENCY, threads: count, before: MODELS[name], after: path }))
      const answer = missing ?? await runPeer<'latency'>(python, { part: 'latency', ...request, ...LATENCY, threads: count })
      if (typeof answer === 'string') missing = answer
      else peer.get(count)!.push(answer.p50)
    }
  }
  log(`${name} ${chosen} latency: ours ${JSON.stringify([...ours])}, peer ${missing ?? JSON.stringify([...peer])}`)
  return { ours: latencyFigures(ours), peer: missing ?? latencyFigures(peer) }
}
