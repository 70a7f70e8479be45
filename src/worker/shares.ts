/** How much of the memory that a job may have goes to what is held whole; what is larger is streamed. */
import type { JobLimits } from '../methods/job-types.ts'

export type Shares = Required<Omit<JobLimits, 'threads'>>

/** Examples are in memory three times while a session is loaded, and a step needs the rest. */
const SESSION_SHARE = 1 / 8
/** A model on onnxruntime is in memory up to three times, and half once more while the last is loaded. */
const MODEL_SHARE = 1 / 8
/** Weights are in memory with their scores and former values, and may be loaded into the engine. */
const WEIGHT_SHARE = 1 / 16

export function sharesOf (memoryBytes: number): Shares {
  const share = (of: number): number => Math.floor(memoryBytes * of)
  return { sessionDataBytes: share(SESSION_SHARE), modelBytes: share(MODEL_SHARE), weightBytes: share(WEIGHT_SHARE) }
}
