/** Small, valid values that contract suites and use-case tests are made of. */
import { createHash } from 'node:crypto'
import type { ArtifactRow, Catalog, JobRow, NewFile } from '../../src/jobs/ports.ts'
import type { NewSweep } from '../../src/jobs/sweeps/ports.ts'
import { FIRST_TENANT } from '../../src/jobs/tenants.ts'
import type { NewWebhook } from '../../src/jobs/webhooks/ports.ts'
import { WEBHOOK_EVENTS } from '../../src/jobs/webhooks/resources.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import type { DatasetSummary, ModelSummary } from '../../src/jobs/resources.ts'
import type { Recipe } from '../../src/pruning/recipe.ts'

export const RECIPE: Recipe = {
  method: 'magnitude',
  granularity: { type: 'weight' },
  scope: 'global',
  target: { sparsity: 0.9 },
  layers: [],
  evaluation: false,
  inputs: null,
  output: null,
  compress: true,
  optimizerState: 'drop',
  seed: 1,
  stages: [],
}

export const MODEL: ModelSummary = {
  format: 'keras',
  weights: 431_080,
  nonzeros: 431_080,
  prunableWeights: 430_500,
  macs: 2_293_000,
  inputs: [[null, 28, 28, 1]],
  outputs: [[null, 10]],
  runnable: true,
  producer: { kerasVersion: '3.15.1' },
  layers: [{ name: 'conv2d', type: 'Conv2D', shape: [null, 24, 24, 20], weights: 520, nonzeros: 520, prunableWeights: 500, prunable: true }],
}

export const DATASET: DatasetSummary = {
  format: 'npz', examples: 10, features: [28, 28, 1], targets: [], classes: 10, splits: { all: 10 }, inputs: { scale: 1 / 255, offset: 0 },
}

const measurement: Receipt['before'] = {
  metrics: null,
  weights: 10,
  nonzeros: 10,
  prunableWeights: 8,
  sparsity: 0,
  compression: 1,
  macs: null,
  effectiveMacs: null,
  bytes: 100,
  gzipBytes: 90,
  gzipEstimated: false,
  sparseBytes: 42,
  latencyMs: null,
}

export const RECEIPT: Receipt = {
  before: measurement,
  after: { ...measurement, nonzeros: 3, sparsity: 0.875, compression: 10 / 3 },
  notMeasured: 'evaluation is off',
  evaluation: null,
  threshold: 0.25,
  layers: [{ name: 'conv2d', type: 'Conv2D', weights: 8, nonzeros: 1, asked: null, achieved: 0.875, kept: 1 }],
  outputs: [],
  provenance: {
    recipe: RECIPE,
    seed: 1,
    model: { sha256: sha256Of('model'), format: 'keras', producer: {} },
    dataset: null,
    evaluationDataset: null,
    versions: { espalier: '0.1.0' },
    engine: { device: 'cpu' },
    optimizerState: 'none',
  },
  warnings: [],
  timings: { total: 0.25 },
}

export const WEBHOOK: NewWebhook = { url: 'https://hooks.example/espalier', events: WEBHOOK_EVENTS, description: 'tells us', secret: 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' }

export function sha256Of (content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export function newFile (name: string, content = name): NewFile {
  return { name, bytes: content.length, sha256: sha256Of(content) }
}

export function artifact (name: string): ArtifactRow {
  return { name, format: 'keras', bytes: name.length, sha256: sha256Of(name) }
}

export function jobRow (changes: Partial<JobRow> = {}): JobRow {
  return {
    id: 'job_0000000000000000000a',
    tenantId: FIRST_TENANT,
    state: 'queued',
    modelId: 'mdl_0000000000000000000a',
    datasetId: null,
    evaluationDatasetId: null,
    recipe: RECIPE,
    attempt: 1,
    progress: { stage: 'queued', done: 0, total: 1, etaSeconds: null },
    error: null,
    checkpoint: null,
    weightsFile: null,
    queue: 'default',
    priority: 0,
    needs: {},
    limits: {},
    receipt: null,
    createdAt: new Date(0),
    startedAt: null,
    finishedAt: null,
    sweepId: null,
    ...changes,
  }
}

/** A queued job with a model of its own. */
export async function newJob (catalog: Catalog): Promise<JobRow> {
  const model = await catalog.of(FIRST_TENANT).createModel(newFile('lenet5.keras'), MODEL)
  return await catalog.of(FIRST_TENANT).createJob({ modelId: model.id, datasetId: null, evaluationDatasetId: null, recipe: RECIPE })
}

/** A sweep over that many sparsities of a model. */
export function newSweep (modelId: string, points: number): NewSweep {
  const values = Array.from({ length: points }, (_, at) => (at + 1) / (points + 1))
  return {
    name: 'sparsities',
    request: { recipe: { method: 'magnitude' }, grid: { 'target.sparsity': values }, pick: null },
    jobs: values.map((sparsity) => ({ modelId, datasetId: null, evaluationDatasetId: null, recipe: { ...RECIPE, target: { sparsity } } })),
  }
}
