/** What a stage is: one step of a chain, from the model as the steps before left it to new values or a new form. */
import type { Ranges } from '../../models/exports/index.ts'
import type { HeldChanges, ModelFile } from '../../models/model.ts'
import type { LearningExamples } from '../job-data.ts'
import type { JobInput } from '../job-types.ts'
import type { MethodResult } from '../method.ts'

/** A job's own input, but that nothing of it is saved or stopped within a stage. */
export interface StageContext extends Omit<JobInput, 'model' | 'checkpoints' | 'pause'> {
  /** As the stages before left it: a tensor that is read gives its values of today. */
  readonly model: ModelFile
  /** As the job was given it, whose outputs a smaller one can learn from. */
  readonly given: ModelFile
  readonly file: JobInput['model']
  /** There where the stage says that it needs them. */
  readonly examples: LearningExamples | null
  /** Of the stage, for progress. */
  readonly name: string
}

export interface StageResult extends Partial<Pick<MethodResult, 'layers' | 'competed' | 'structure'>> {
  /** By tensor key: of the model below, or else of the context's. */
  readonly changes: HeldChanges
  /** Where the form changed. */
  readonly model?: ModelFile
  /** Layers of that model that came of others: by path, whose. */
  readonly origins?: ReadonlyMap<string, string>
  /** Its part of the receipt. */
  readonly record: Readonly<Record<string, unknown>>
  /** Of activations, for outputs that are written by them. */
  readonly ranges?: Ranges
  /** Warnings of the receipt. */
  readonly notes?: readonly string[]
}

export interface Stage {
  /** Throws `nothing-pruned` where it would do nothing at all. */
  run (context: StageContext, settings: never): Promise<StageResult>
}
