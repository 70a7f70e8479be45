/** What a method is: a whole procedure from a model to new values for its tensors. */
import type { Engine } from '../engine/runtime.ts'
import type { Ranges } from '../models/exports/index.ts'
import type { ZeroCounts } from '../models/counts.ts'
import type { HeldChanges, ModelFile, StreamedChange } from '../models/model.ts'
import type { MethodName } from '../pruning/method-rules.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { LearningExamples } from './job-data.ts'
import type { JobInput } from './job-types.ts'
import type { BatchNormRecord, CalibrationRecord, MaskUpdate, ReceiptLayer, SearchRecord, SensitivityRecord, StageRecord, StructureRecord, TrainingRecord } from './receipt.ts'

export interface MethodContext {
  readonly recipe: Recipe
  readonly model: ModelFile
  readonly signal: AbortSignal
  /** Weights that take more than this as float32 are streamed where they can be; absent: they are always held. */
  readonly streamAbove?: number
}

/** What a static method is given besides where it looks at data. */
export interface CalibrationContext extends Pick<JobInput, 'onProgress' | 'limits' | 'spool' | 'folder' | 'engine'> {
  readonly examples: LearningExamples
}

export interface StaticContext extends MethodContext {
  /** For criteria that compute something without data. */
  readonly engine?: JobInput['engine']
  readonly onProgress?: JobInput['onProgress']
  readonly calibration?: CalibrationContext
  /** Bytes of the model as it would be written with these changes: of the file, or of the file after gzip. `model`: what was made of the given one. */
  weigh? (changes: HeldChanges, as: 'file' | 'gzip', model?: ModelFile): Promise<number>
}

/** What a method that trains is given besides. */
export interface TrainingContext extends MethodContext, Pick<JobInput, 'onProgress' | 'onTrainingBegin' | 'onMetrics' | 'pause' | 'checkpoints' | 'limits' | 'spool' | 'folder'> {
  readonly engine: Engine
  readonly examples: LearningExamples
  /** What is distilled from, where that is not the model. */
  readonly teacher?: ModelFile
}

/** What becomes of a model that is not held. */
export interface StreamedResult {
  readonly changes: ReadonlyMap<string, StreamedChange>
  /** Of every tensor, by key. */
  readonly counts: ReadonlyMap<string, ZeroCounts>
}

export interface MethodResult {
  /** Only tensors in which something changed; empty where they are streamed. */
  readonly changes: HeldChanges
  /** What was made of the given model where its form changed; the changes are to its tensors. */
  readonly model?: ModelFile
  /** Of a model that is too large to be held. */
  readonly streamed?: StreamedResult
  /** One row for each layer with weights, in the file's order. */
  readonly layers: readonly ReceiptLayer[]
  /** The weights that competed: how many, and how many of them are zero before and after. */
  readonly pool: { readonly weights: number, readonly zerosBefore: number, readonly zeros: number, /** Where some of them are no more: how many there are, and how many of these are zero. */ readonly after?: { readonly weights: number, readonly zeros: number } }
  /** Of these weights: `layer/role`. */
  readonly competed?: readonly string[]
  /** The largest magnitude that was zeroed by a ranking over all layers; null where there is none. */
  readonly threshold: number | null
  /** What was observed, where the criterion looks at data. */
  readonly calibration?: CalibrationRecord
  /** How it was trained, when it was. */
  readonly training?: TrainingRecord
  /** What each update of the masks did, of methods that prune while they train. */
  readonly updates?: readonly MaskUpdate[]
  /** How its sparsity was found, where the target was something else. */
  readonly search?: SearchRecord
  /** What pruning each layer alone does, where the scope looked at it. */
  readonly sensitivity?: readonly SensitivityRecord[]
  /** Which moving statistics were taken anew. */
  readonly batchNorm?: BatchNormRecord
  /** What channels were taken out. */
  readonly structure?: StructureRecord
  /** What the stages behind the method did. */
  readonly stages?: readonly StageRecord[]
  /** Of activations, where a stage observed them: by name of the value in the export's graph. */
  readonly ranges?: Ranges
  /** Warnings of the method. */
  readonly notes?: readonly string[]
}

interface Described {
  readonly name: MethodName
  readonly description: string
  /** Does it write models? When not, the job's outputs are measurements only. */
  readonly writesModel: boolean
}

/** Acts on a trained model without updating weights by gradient descent. */
export interface StaticMethod extends Described {
  readonly kind: 'static'
  /** Throws `nothing-pruned` or `target-missed` where a result would not be what was asked. */
  run (context: StaticContext): Promise<MethodResult>
}

/** Acts while the model trains. */
export interface DynamicMethod extends Described {
  readonly kind: 'dynamic'
  /** Throws as static methods do, and `training-diverged` when the loss is not a number any more. */
  run (context: TrainingContext): Promise<MethodResult>
}

export type Method = StaticMethod | DynamicMethod
