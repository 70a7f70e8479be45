/** The models of a job where they are run, loaded once and shared by evaluation, predictions and verification. */
import type { BatchArray, Predictor } from '../engine/predict.ts'
import { EspalierError } from '../errors.ts'
import type { ModelFile } from '../models/model.ts'
import type { JobInput } from './job-types.ts'
import type { MethodResult } from './method.ts'
import { randomInputs } from './random-inputs.ts'
import { openRuntime, type Runtime } from './runtimes/index.ts'

/** Inputs with what the pruned model gives for them. */
export interface Probe extends Pick<Runtime, 'load'> { readonly inputs: readonly BatchArray[], readonly outputs: readonly BatchArray[] }

export interface Device {
  readonly runtime: Runtime
  /** The model as it came; absent when nothing is measured or nothing was changed. */
  readonly before?: Predictor
  readonly after: Predictor
  /** Absent when not asked for, or when the model does not take inputs of a made-up size; `noProbe` then says why. */
  readonly probe?: Probe
  readonly noProbe?: string
  dispose (): void
}

/** `device` is null when nothing needs the model run, or it is not run here, for the `reason`. */
export interface Opened { readonly device: Device | null, readonly reason?: string }

export interface Wants {
  /** The model before and after, to be measured. */
  readonly both: boolean
  /** Predictions to compare written files by. */
  readonly probe: boolean
}

/** Examples whose predictions are compared when an output is read back. */
const PROBE_EXAMPLES = 8

const ADVICE = 'with "evaluation": false its weights can still be pruned'

/** Loads what is asked for. Throws when a model cannot be run that is to be measured, but for its size: then it is pruned all the same. */
export async function openDevice (input: JobInput, model: ModelFile, result: MethodResult, wants: Wants): Promise<Opened> {
  const { graph, signature, problem } = model.architecture
  if (graph === undefined && signature === undefined) return { device: null, reason: problem ?? 'it has no layer graph' }
  if (!wants.both && !wants.probe) return { device: null }
  try {
    const runtime = await openRuntime(input, model)
    const refusal = await runtime.refusal?.(model)
    if (refusal === undefined) return { device: await load(runtime, input, model, result, wants) }
    if (!wants.probe) throw new EspalierError('limit-exceeded', refusal)
    return { device: null, reason: refusal }
  } catch (error) {
    // A layer graph was checked when it was read; whether another library runs a model shows only now.
    if (signature === undefined || !(error instanceof EspalierError)) throw error
    if (!wants.both) return { device: null, reason: error.message }
    throw wants.probe ? new EspalierError(error.code, `${error.message}; ${ADVICE}`, error.details, { cause: error }) : error
  }
}

async function load (runtime: Runtime, input: JobInput, model: ModelFile, result: MethodResult, wants: Wants): Promise<Device> {
  const loaded: Predictor[] = []
  const dispose = (): void => { for (const predictor of loaded) predictor.dispose() }
  const add = async (one: ModelFile, changes?: MethodResult['changes']): Promise<Predictor> => {
    const predictor = await runtime.load(one, changes)
    loaded.push(predictor)
    return predictor
  }
  try {
    const made = result.model ?? model
    const after = await add(made, result.changes)
    const before = wants.both && (made !== model || result.changes.size > 0) ? await add(model) : undefined
    return { runtime, after, ...(before && { before }), ...(wants.probe && await makeProbe(runtime, after, input, made)), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

async function makeProbe ({ load }: Runtime, predictor: Predictor, { recipe }: JobInput, { architecture }: ModelFile): Promise<Pick<Device, 'probe' | 'noProbe'>> {
  const { graph, signature } = architecture
  try {
    const inputs = randomInputs((graph ?? signature)!, PROBE_EXAMPLES, recipe.seed)
    return { probe: { load, inputs, outputs: await predictor.predict(inputs) } }
  } catch (error) {
    // A size that was made up may not be one the model takes, and a signature is only what a file claims; any other failure is real.
    if (graph !== undefined && !hasUnknownAxes(graph.inputShapes)) throw error
    return { noProbe: `it does not run on inputs that were made up: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function hasUnknownAxes (shapes: ReadonlyArray<ReadonlyArray<number | null>>): boolean {
  return shapes.some((shape) => shape.slice(1).includes(null))
}
