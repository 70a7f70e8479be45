/** Runs a recipe's stages one after the other, each on what the one before left, and asserts after each that zeros stayed. */
import type { HeldChanges, ModelFile, ModelLayer } from '../../models/model.ts'
import { withValues } from '../../models/remade.ts'
import { sizeOf } from '../../models/tensor.ts'
import { countZeros } from '../../pruning/sparse.ts'
import { needsOfStages, type StageSettings } from '../../pruning/stages/index.ts'
import type { Clock } from '../clock.ts'
import type { LearningExamples } from '../job-data.ts'
import type { JobInput } from '../job-types.ts'
import type { MethodResult } from '../method.ts'
import type { ReceiptLayer, StageRecord } from '../receipt.ts'
import { STAGE_RUNNERS } from './index.ts'
import type { Stage, StageContext, StageResult } from './stage.ts'
import { compareZeros } from './zeros.ts'

/** A chain under way. */
interface Chain {
  /** What was given, or made of it where the form changed. */
  readonly base: ModelFile
  /** To the tensors of the base. */
  readonly changes: HeldChanges
  /** The base with its changes. */
  readonly model: ModelFile
  /** Layers that came of others of the given model. */
  readonly origins: ReadonlyMap<string, string>
}

/**
 * The result of the method with that of the stages; rows of layers and pool are counted anew. Throws what the stages throw, and `verification-failed` where one of them
 * lost zeros.
 */
export async function runStages (input: JobInput, given: ModelFile, result: MethodResult, learning: LearningExamples | null, time: Clock['time']): Promise<MethodResult> {
  const base = result.model ?? given
  let chain: Chain = { base, changes: result.changes, model: withValues(base, result.changes), origins: new Map() }
  const records: StageRecord[] = []
  const done: StageResult[] = []
  // What trains tells of its own steps; those of a job never decrease.
  let last = result.training?.steps ?? 0
  for (const [index, settings] of input.recipe.stages.entries()) {
    input.signal.throwIfAborted()
    const begin = performance.now()
    input.onProgress({ stage: settings.stage, done: index, total: input.recipe.stages.length, etaSeconds: null })
    const first = last
    const context: StageContext = {
      ...withoutSaving(input), model: chain.model, given, file: input.model, name: settings.stage,
      examples: examplesFor(settings, learning),
      onTrainingBegin (step) { input.onTrainingBegin?.(first + step) },
      onMetrics (point) {
        last = first + point.step
        input.onMetrics?.({ ...point, step: last })
      },
    }
    const stage = STAGE_RUNNERS[settings.stage] as { run (context: StageContext, settings: StageSettings): ReturnType<Stage['run']> }
    const made = await time('stages', async () => await stage.run(context, settings))
    const next = follow(chain, made)
    const { before, after } = await compareZeros(settings.stage, chain.model, next.model, made.origins)
    records.push({
      stage: settings.stage,
      seconds: Math.round(performance.now() - begin) / 1000,
      weights: { before: before.weights, after: after.weights },
      zeros: { before: before.zeros, after: after.zeros },
      ...made.record,
    })
    chain = next
    done.push(made)
  }
  return await joined(given, result, chain, done, records)
}

/** Stages are not saved on their way and not paused: a job that is broken off within one begins its stages again. */
function withoutSaving ({ checkpoints: _checkpoints, pause: _pause, model: _model, ...input }: JobInput): Omit<JobInput, 'model' | 'checkpoints' | 'pause'> {
  return input
}

function examplesFor (settings: StageSettings, learning: LearningExamples | null): LearningExamples | null {
  const { trains, calibrates } = needsOfStages([settings])
  return trains === undefined && calibrates === undefined ? null : learning
}

function follow ({ base, changes, model, origins }: Chain, made: StageResult): Chain {
  if (made.model === undefined) return { base, changes: new Map([...changes, ...made.changes]), model: withValues(model, made.changes), origins }
  // A layer may be made of one that was made of another before.
  const own = new Map([...made.origins ?? []].map(([path, from]) => [path, origins.get(from) ?? from]))
  return { base: made.model, changes: made.changes, model: withValues(made.model, made.changes), origins: new Map([...origins, ...own]) }
}

async function joined (given: ModelFile, result: MethodResult, { base, changes, model, origins }: Chain, done: readonly StageResult[], stages: readonly StageRecord[]): Promise<MethodResult> {
  const competed = new Set([...result.competed ?? [], ...done.flatMap((made) => made.competed ?? [])])
  const before = await countPrunable(given, new Map(), competed)
  const after = await countPrunable(model, origins, competed)
  const layers = await rowsOf(model, origins, [result.layers, ...done.map((made) => made.layers ?? [])])
  const gone = before.weights - after.weights
  const { model: _model, ...rest } = result
  return {
    ...rest,
    changes,
    ...(base !== given && { model: base }),
    layers,
    competed: [...competed],
    pool: { weights: before.weights, zerosBefore: before.zeros, zeros: after.zeros + Math.max(0, gone), ...(gone !== 0 && { after }) },
    ...(done.some((made) => made.structure) && { structure: done.flatMap((made) => made.structure ?? []).at(-1)! }),
    ...(done.some((made) => made.ranges) && { ranges: done.flatMap((made) => made.ranges ?? []).at(-1)! }),
    notes: [...result.notes ?? [], ...done.flatMap((made) => made.notes ?? [])],
    stages,
  }
}

/** Weights of the pool, and how many of them are zero. */
async function countPrunable ({ layers }: ModelFile, origins: ReadonlyMap<string, string>, names: ReadonlySet<string>): Promise<{ weights: number, zeros: number }> {
  const counts = { weights: 0, zeros: 0 }
  for (const layer of layers) {
    const from = origins.get(layer.path)
    for (const { role, prunable, tensor } of layer.weights) {
      if (from === undefined ? !names.has(`${layer.path}/${role}`) : !prunable) continue
      counts.weights += sizeOf(tensor.shape)
      for await (const values of tensor.chunks()) counts.zeros += countZeros(values)
    }
  }
  return counts
}

/** Rows by the given model's layers; of several methods the last that pruned a layer says what was asked. */
async function rowsOf ({ layers }: ModelFile, origins: ReadonlyMap<string, string>, all: ReadonlyArray<readonly ReceiptLayer[]>): Promise<ReceiptLayer[]> {
  const rows: ReceiptLayer[] = []
  for (const row of all[0]!) {
    const later = all.slice(1).flat().filter(({ name, skipped }) => name === row.name && skipped === undefined).at(-1)
    const { skipped, ...plain } = row
    const nonzeros = await nonzerosOf(layers.filter(({ path }) => (origins.get(path) ?? path) === row.name))
    const still = later === undefined && skipped !== undefined ? { skipped } : {}
    rows.push({ ...plain, asked: later?.asked ?? row.asked, nonzeros, kept: nonzeros, achieved: row.weights === 0 ? 0 : 1 - nonzeros / row.weights, ...still })
  }
  return rows
}

async function nonzerosOf (layers: readonly ModelLayer[]): Promise<number> {
  let nonzeros = 0
  for (const { weights } of layers) {
    for (const { prunable, tensor } of weights) if (prunable) for await (const values of tensor.chunks()) nonzeros += values.length - countZeros(values)
  }
  return nonzeros
}
