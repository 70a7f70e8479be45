/** What a job is given and what it gives, without paths, queues or databases. */
import type { Engine } from '../engine/runtime.ts'
import type { SpoolFile } from '../engine/train/open-data.ts'
import type { Checkpoints } from '../engine/train/train.ts'
import type { InputScaling } from '../datasets/dataset.ts'
import type { ByteSource } from '../models/bytes.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { MetricPoint } from './metric-point.ts'
import type { OutputFolder } from './output-folder.ts'
import type { Progress } from './progress.ts'
import type { Receipt } from './receipt.ts'

export interface JobFile { readonly source: ByteSource, readonly name: string, readonly sha256: string, readonly format: string }
/** `inputs`: the scaling stored with the data set; a recipe may override it. */
export interface JobDataset extends JobFile { readonly inputs: InputScaling }

export interface GzipSize { readonly bytes: number, readonly estimated: boolean }

/** A stage of a job that ended; milliseconds since 1970. */
export interface StageTime { readonly stage: string, readonly begin: number, readonly end: number, readonly failed: boolean }

/** What a job may take of the machine. */
export interface JobLimits {
  /** Examples that take more than this as float32 are not held in the session but streamed. */
  readonly sessionDataBytes: number
  /** Models of another library than TensorFlow are run up to this size; absent: whatever their size. */
  readonly modelBytes?: number
  /** Of that library; absent: as many as the machine has. */
  readonly threads?: number
  /** Weights to be pruned that take more than this as float32 are not held but streamed, where the method can do that. Absent: they are always held. */
  readonly weightBytes?: number
}

export interface JobInput {
  readonly recipe: Recipe
  readonly model: JobFile
  readonly dataset: JobDataset | null
  readonly evaluationDataset: JobDataset | null
  readonly folder: OutputFolder
  /** Called only when something is to be computed. */
  readonly engine: () => Promise<Engine>
  /** How large a file is after gzip; given, as compressing uses the library's threads. */
  readonly gzipSize: (source: ByteSource, sha256: string) => Promise<GzipSize>
  readonly limits: JobLimits
  /** Makes a file for what does not fit into memory; it is gone after the job. */
  readonly spool: (name: string) => Promise<SpoolFile>
  /** Where a run that trains keeps its state from time to time, and finds it again. */
  readonly checkpoints?: Checkpoints
  readonly signal: AbortSignal
  /** When it aborts the job stops where nothing is lost, with `job-paused`: within training once its state is saved, or before the method begins. */
  readonly pause?: AbortSignal
  onProgress (progress: Progress): void
  /** Told when a stage has ended; some run side by side. */
  onStage? (time: StageTime): void
  /** Training begins, or goes on after `step` steps of the run: what was told of later steps, before the run was stopped, holds no more. */
  onTrainingBegin? (step: number): void
  /** Figures of the run as it trains. Its steps never decrease. */
  onMetrics? (point: MetricPoint): void
}

/** A file that was written, complete and checked. */
export interface OutputRecord { readonly name: string, readonly format: string, readonly bytes: number, readonly sha256: string }

export interface JobResult {
  readonly receipt: Receipt
  readonly outputs: readonly OutputRecord[]
  /** The record of the weights, of a job that wrote a model. */
  readonly weights: OutputRecord | null
}
