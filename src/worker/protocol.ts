/** The messages between a worker and its engine child. Plain JSON; files go by path. Version both sides together. */
import type { ErrorRecord } from '../errors.ts'
import type { Recipe } from '../pruning/recipe.ts'
import type { Receipt } from '../jobs/receipt.ts'
import type { Progress } from '../jobs/resources.ts'

export interface InputFile { readonly path: string, readonly sha256: string, readonly bytes: number, readonly name: string, readonly format: string }

/** worker -> child: one job. Outputs are written into `folder`, which is empty and the child's alone. */
export interface RunMessage {
  readonly type: 'run'
  readonly job: string
  readonly attempt: number
  readonly recipe: Recipe
  readonly model: InputFile
  readonly dataset: (InputFile & { readonly inputs: { readonly scale: number, readonly offset: number } }) | null
  readonly evaluationDataset: (InputFile & { readonly inputs: { readonly scale: number, readonly offset: number } }) | null
  readonly folder: string
}
export interface StopMessage { readonly type: 'stop' }
export type ToChild = RunMessage | StopMessage

/** child -> worker */
export interface ReadyMessage { readonly type: 'ready', readonly engine: Readonly<Record<string, unknown>> }
export interface ProgressMessage { readonly type: 'progress', readonly job: string, readonly progress: Progress }
export interface DoneMessage {
  readonly type: 'done'
  readonly job: string
  readonly receipt: Receipt
  /** File names within `folder`. */
  readonly outputs: ReadonlyArray<{ readonly name: string, readonly format: string, readonly bytes: number, readonly sha256: string }>
}
export interface FailedMessage { readonly type: 'failed', readonly job: string, readonly error: ErrorRecord }
export type FromChild = ReadyMessage | ProgressMessage | DoneMessage | FailedMessage
