/** One job from files to files: read, prune, measure, write, read back, and the receipt that says what came of it. */
import { EspalierError } from '../errors.ts'
import { readModel } from '../models/formats/index.ts'
import type { ModelFile } from '../models/model.ts'
import { calibratedOutput } from '../pruning/data-needs.ts'
import { createClock } from './clock.ts'
import { openDevice, type Device, type Opened } from './device.ts'
import { applyMethod, methodNamed } from './apply-method.ts'
import { withEstimates } from './estimate.ts'
import type { JobInput, JobResult, OutputRecord } from './job-types.ts'
import { measure, type Measured } from './measure.ts'
import type { MethodResult } from './method.ts'
import { measureSpeed, type Timed } from './structured/speed.ts'
import { writePredictions } from './predictions.ts'
import { makeReceipt } from './make-receipt.ts'
import { openData, type Report } from './job-data.ts'
import { exportingOf, type Exporting } from './exports/export-model.ts'
import { rangesFor } from './exports/ranges-for-job.ts'
import { assertChainable } from './stages/chainable.ts'
import { runStages } from './stages/run-stages.ts'
import { shrinkDead } from './structured/shrink-dead.ts'
import { assertShrinkable } from './structured/shrinkable.ts'
import { openWeightRecorder, type WeightRecorder } from './weight-record/index.ts'
import { checkOutput, outputFormats, writeOutput, type WrittenModel } from './write-outputs.ts'

/** Why a model that was streamed is not run. */
const STREAMED = 'the model is too large to be held, its weights were streamed'

/**
 * Runs a validated recipe. Throws EspalierErrors for what the recipe, the files or the machine caused, the signal's reason when it aborts, and
 * `job-paused` where `pause` may stop it: what comes after training is short beside it, and goes on to the end.
 * Every tensor is released, whatever happens; files that were begun and not finished are removed.
 */
export async function runJob (given: JobInput): Promise<JobResult> {
  const input = { ...given, onProgress: withEstimates((progress) => given.onProgress(progress)) }
  const { recipe, signal } = input
  const clock = createClock((time) => input.onStage?.(time))
  const stage = (name: string, done = 0, total = 1): void => { input.onProgress({ stage: name, done, total, etaSeconds: null }) }

  stage('reading')
  // Compressing the input only for its figure runs beside everything else.
  const gzipBefore = clock.time('gzip', async () => await input.gzipSize(input.model.source, input.model.sha256))
  gzipBefore.catch(() => {})
  const model = await clock.time('read', async () => await readModel(input.model.source))
  const method = methodNamed(recipe.method)
  const data = await clock.time('read', async () => await openData(input, model))
  const { report } = data
  if (input.pause?.aborted === true) throw new EspalierError('job-paused', 'the job was paused')

  stage(method.kind === 'static' ? 'pruning' : 'training')
  assertShrinkable(recipe, model)
  assertChainable(recipe, model)
  const pruned = await clock.time(method.kind === 'static' ? 'prune' : 'train', async () => await applyMethod(input, method, model, data))
  if (recipe.shrink === true) stage('shrinking')
  const shrunk = recipe.shrink === true ? await clock.time('shrink', async () => await shrinkDead(input, model, pruned)) : pruned
  signal.throwIfAborted()
  const result = recipe.stages.length === 0 ? shrunk : await runStages(input, model, shrunk, data.learning, clock.time)
  signal.throwIfAborted()

  // What is too large to be held is too large to be run.
  const made = result.model ?? model
  const { device, reason } = result.streamed !== undefined ? { device: null, reason: model.architecture.problem ?? STREAMED } : await openDevice(input, model, result, { both: report !== null || isTimed(input, result), probe: method.writesModel })
  try {
    const measured = device === null || report === null
      ? null
      : await clock.time('evaluate', async () => await measureReport(input, made, device, report))
    const isTimedBeside = device?.before !== undefined && isTimed(input, result)
    if (isTimedBeside) stage('timing')
    const speed = !isTimedBeside ? null : await clock.time('speed', async () => await timeSmaller(input, model, made, device))
    signal.throwIfAborted()
    const exporting = exportingOf(made, result.streamed?.changes ?? result.changes)
    const { learning } = data
    const ranges = result.ranges ?? (calibratedOutput(recipe) === undefined || learning === null ? undefined : await clock.time('calibrate', async () => await rangesFor(input, exporting, learning)))
    const { written, weights } = !method.writesModel ? { written: [], weights: null } : await writeAll(input, model, result, { ...exporting, ...ranges && { ranges } }, { device, report, ...(reason !== undefined && { reason }) }, clock.time, stage)
    const predictions = device === null || report === null ? [] : await writePredictions(input, device.after, report.split)
    const receipt = await makeReceipt({ input, model, method, result, report, measured, speed, written, device, ...(reason !== undefined && { notRun: reason }), gzipBefore: await gzipBefore, timings: clock.seconds() })
    return { receipt, outputs: [...written.map(({ artifact }) => artifact), ...predictions], weights }
  } finally {
    device?.dispose()
  }
}

/** A model that became smaller is timed whether there is data or not. */
function isTimed ({ recipe: { evaluation } }: JobInput, { model }: MethodResult): boolean {
  return model !== undefined && evaluation !== false && evaluation.latency
}

/** A model that does not run on inputs that are made up is not timed, which is no reason to fail. */
async function timeSmaller ({ engine, recipe, signal }: JobInput, model: ModelFile, made: ModelFile, { before, after }: Device): Promise<Timed> {
  try {
    return await measureSpeed({ engine: await engine(), model, made, before: before!, after, seed: recipe.seed, signal })
  } catch (error) {
    if (!(error instanceof EspalierError)) throw error
    return { warnings: [`how fast the smaller model is was not measured: ${error.message}`] }
  }
}

type Stage = (name: string, done?: number, total?: number) => void

async function measureReport (input: JobInput, model: ModelFile, device: Device, report: Report): Promise<Measured> {
  const begin = performance.now()
  return await measure({
    model,
    evaluation: report.evaluation,
    report: report.split,
    reportName: report.name,
    inputs: report.inputs,
    before: device.before ?? device.after,
    after: device.after,
    signal: input.signal,
    onProgress (done, total) {
      const perExample = (performance.now() - begin) / done / 1000
      input.onProgress({ stage: 'evaluating', done, total, etaSeconds: Math.round(perExample * (total - done) * 10) / 10 })
    },
  })
}

/** The model where it runs, and what it is reported on. */
interface Run extends Opened { readonly report: Report | null }

type Time = ReturnType<typeof createClock>['time']

/** The models, and the record of what became of the weights. */
async function writeAll (input: JobInput, given: ModelFile, result: MethodResult, exporting: Exporting, opened: Run, time: Time, stage: Stage): Promise<{ written: WrittenModel[], weights: OutputRecord }> {
  const recorder = await openWeightRecorder(input, given, result)
  try {
    const written = await writeModels(input, result.model ?? given, recorder, result, exporting, opened, time, stage)
    return { written, weights: await time('record', async () => await recorder.finish()) }
  } catch (error) {
    await recorder.discard()
    throw error
  }
}

async function writeModels (input: JobInput, model: ModelFile, recorder: WeightRecorder, result: MethodResult, exporting: Exporting, { device, report, reason }: Run, time: Time, stage: Stage): Promise<WrittenModel[]> {
  const written: WrittenModel[] = []
  const formats = outputFormats(input.recipe, model)
  const changes = result.streamed?.changes ?? result.changes
  for (const [index, format] of formats.entries()) {
    stage('writing', index, formats.length)
    const artifact = await time('write', async () => await writeOutput(format, model, index === 0 ? recorder.changes : changes, input, exporting))
    input.signal.throwIfAborted()
    stage('verifying', index, formats.length)
    const expected = { model, changes, ...(device?.probe && { probe: device.probe }), ...(device && { after: device.after }), ...(report && { report }), reason: reason ?? device?.noProbe ?? 'nothing runs it' }
    written.push(await time('verify', async () => await checkOutput(artifact, expected, input, exporting)))
  }
  return written
}
