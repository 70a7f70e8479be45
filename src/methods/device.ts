/** The models of a job on the device, loaded once and shared by evaluation, predictions and verification. */
import { createPredictor, type BatchArray, type Predictor } from '../engine/predict.ts'
import type { Engine, Tf } from '../engine/runtime.ts'
import type { ModelFile } from '../models/model.ts'
import type { JobInput } from './job-types.ts'
import type { MethodResult } from './method.ts'
import { randomInputs } from './random-inputs.ts'

/** Inputs with what the pruned model gives for them. */
export interface Probe { readonly tf: Tf, readonly inputs: readonly BatchArray[], readonly outputs: readonly BatchArray[] }

export interface Device {
  readonly engine: Engine
  /** The model as it came; absent when nothing is measured or nothing was changed. */
  readonly before?: Predictor
  readonly after: Predictor
  /** Absent when not asked for, or when the model does not take inputs of a made-up size. */
  readonly probe?: Probe
  dispose (): void
}

/** Examples whose predictions are compared when an output is read back. */
const PROBE_EXAMPLES = 8

/** Loads what is asked for; null when the model cannot be run here or nothing needs it run. */
export async function openDevice (input: JobInput, model: ModelFile, result: MethodResult, wants: { readonly both: boolean, readonly probe: boolean }): Promise<Device | null> {
  const graph = model.architecture.graph
  if (graph === undefined || (!wants.both && !wants.probe)) return null
  const engine = await input.engine()
  const { tf } = engine
  const loaded: Predictor[] = []
  const dispose = (): void => { for (const predictor of loaded) predictor.dispose() }
  const load = async (changes?: MethodResult['changes']): Promise<Predictor> => {
    const predictor = await createPredictor(tf, model, changes)
    loaded.push(predictor)
    return predictor
  }
  try {
    const after = await load(result.changes)
    const before = wants.both && result.changes.size > 0 ? await load() : undefined
    const probe = wants.probe ? await makeProbe(tf, after, randomInputs(graph, PROBE_EXAMPLES, input.recipe.seed), hasUnknownAxes(graph.inputShapes)) : undefined
    return { engine, after, ...(before && { before }), ...(probe && { probe }), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

async function makeProbe (tf: Tf, predictor: Predictor, inputs: readonly BatchArray[], guessed: boolean): Promise<Probe | undefined> {
  try {
    return { tf, inputs, outputs: await predictor.predict(inputs) }
  } catch (error) {
    // A size that was made up may not be one the model takes; any other failure is real.
    if (guessed) return undefined
    throw error
  }
}

function hasUnknownAxes (shapes: ReadonlyArray<ReadonlyArray<number | null>>): boolean {
  return shapes.some((shape) => shape.slice(1).includes(null))
}
