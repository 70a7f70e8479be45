/** A run of many figures on a real database, as a worker would have written it, that goes on for as long as one looks. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../../src/jobs/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { MetricPoint } from '../../src/methods/metric-point.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { MODEL, newFile, RECEIPT, RECIPE } from '../../test/contract/samples.ts'

export interface StockOptions { readonly catalog: Catalog, readonly points: number, readonly layers: number }
export interface StockedRun {
  readonly id: string
  /** Of the last point. */
  readonly lastStep: number
  /** Adds a point of every series, as often as a worker tells of some at the most, until the signal. */
  goOn (signal: AbortSignal): Promise<number>
  /** Ends it with a receipt of that many layers. */
  end (): Promise<void>
}

const EVERY_MS = 250
const BATCH = 50

export async function stockRun ({ catalog, points, layers }: StockOptions): Promise<StockedRun> {
  const names = Array.from({ length: layers }, (_, index) => `block_${Math.floor(index / 4)}/conv_${index}`)
  const mine = catalog.of(FIRST_TENANT)
  const summary = names.map((name) => ({ name, type: 'Conv2D', shape: [null, 8, 8, 64], weights: 36_928, nonzeros: 36_928, prunableWeights: 36_864, prunable: true }))
  const model = await mine.createModel(newFile('large.keras'), { ...MODEL, layers: summary })
  const { id } = await mine.createJob({ modelId: model.id, datasetId: null, evaluationDatasetId: null, recipe: { ...RECIPE, method: 'gradual' } })
  await catalog.begin(id, 1, 'bench')
  const each = Math.ceil(points / (layers + 3))
  const at = (step: number): MetricPoint => {
    const share = Math.min(1, step / each / 10)
    const sparsities = names.map((name, index) => [`sparsity/${name}/kernel`, (0.5 + 0.45 * index / layers) * (1 - (1 - share) ** 3)] as const)
    return { step, epoch: 1 + Math.floor(step / 1000), values: { loss: 1 / (1 + step / 500), accuracy: 0.9 - 0.4 / (1 + step / 300), sparsity: share, ...Object.fromEntries(sparsities) } }
  }
  const progress = async (done: number): Promise<void> => { await catalog.progress(id, 1, { stage: 'training', done, total: each * 20, etaSeconds: each, stepsPerSecond: 40, epoch: 1 + Math.floor(done / 1000) }) }
  let step = 0
  for (let first = 0; first < each; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, each - first) }, () => at(step += 10))
    await catalog.metrics(id, 1, { ...(first === 0 && { from: 0 }), points: batch })
  }
  await progress(step)
  return {
    id,
    lastStep: step,
    async goOn (signal) {
      let told = 0
      while (!signal.aborted) {
        await catalog.metrics(id, 1, { points: [at(step += 10)] })
        await progress(step)
        told++
        await sleep(EVERY_MS, undefined, { signal }).catch(() => {})
      }
      return told
    },
    async end () {
      const receipt: Receipt = { ...RECEIPT, layers: names.map((name, index) => ({ name, type: 'Conv2D', weights: 36_864, nonzeros: 36_864 - 180 * index, asked: index / (layers + 10), achieved: 180 * index / 36_864, kept: 36_864 - 180 * index })) }
      await catalog.succeed(id, 1, receipt, [])
    },
  }
}
