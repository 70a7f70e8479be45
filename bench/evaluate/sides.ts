/** The sides of the evaluation benchmark. */
import { fileURLToPath } from 'node:url'
import { startSide, type Side } from '../train/side.ts'

/** Keeping the compiled model; eager; the model loaded and compiled anew each time, as a job does it; real Keras' predict. */
export const SIDES = ['compiled', 'eager', 'fresh', 'keras'] as const
export type EvaluateSideName = typeof SIDES[number]
export type OurSide = Exclude<EvaluateSideName, 'keras'>

/** What a side is to evaluate; its argument, as JSON. */
export interface EvaluateSpec {
  /** A `.keras` file. */
  readonly model: string
  /** Holds images.f32 [examples, 28, 28, 1] and labels.f32 [examples] without headers. */
  readonly folder: string
  readonly examples: number
  readonly batch: number
  readonly threads: number
  /** Evaluations by which a peer chooses among its ways. */
  readonly trialSteps: number
}

/** The side, ready to run; the reason as text when its library cannot be imported. */
export async function openEvaluateSide (name: EvaluateSideName, spec: EvaluateSpec, python: string): Promise<Side<EvaluateSideName> | string> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const [peer, settings, { threads }] = [name === 'keras', JSON.stringify(spec), spec]
  return peer
    ? await startSide(name, { command: python, args: [here('peers/keras_predict.py'), settings], threads, peer })
    : await startSide(name, { command: process.execPath, args: ['--import', 'tsx', here('our-side.ts'), settings, name], threads, peer })
}
