/** The messages between a worker and its engine child. Plain JSON; files go by path. Version both sides together. */
import type { EngineSettings } from '../engine/runtime.ts'
import type { ErrorRecord } from '../errors.ts'
import type { StageTime } from '../methods/job-types.ts'
import type { CheckpointFile, MetricBatch, RunRequest, RunResult } from '../jobs/ports.ts'
import type { Progress } from '../jobs/resources.ts'
import type { Shares } from './shares.ts'

export type { InputFile } from '../jobs/ports.ts'

/** The argument that a child is started with. */
export type ChildSettings = EngineSettings

/** worker -> child: one job. Outputs are written into `folder`, which is empty and the child's alone. */
export interface RunMessage extends RunRequest { readonly type: 'run', readonly shares: Shares }
/** The checkpoint was stored, or could not be: its file may go. */
export interface CheckpointedMessage { readonly type: 'checkpointed', readonly job: string, readonly stored: boolean }
/** Stop where nothing is lost, or come to the end: `failed` with `job-paused`, or `done`. */
export interface PauseMessage { readonly type: 'pause', readonly job: string }
export interface StopMessage { readonly type: 'stop' }
export type ToChild = RunMessage | CheckpointedMessage | PauseMessage | StopMessage

/** child -> worker */
export interface ReadyMessage { readonly type: 'ready', readonly engine: Readonly<Record<string, unknown>> }
export interface ProgressMessage { readonly type: 'progress', readonly job: string, readonly progress: Progress }
export interface CheckpointMessage { readonly type: 'checkpoint', readonly job: string, readonly file: CheckpointFile }
export interface MetricsMessage extends MetricBatch { readonly type: 'metrics', readonly job: string }
/** A stage has ended. */
export interface StageMessage { readonly type: 'stage', readonly job: string, readonly time: StageTime }
export interface DoneMessage extends RunResult { readonly type: 'done' }
export interface FailedMessage { readonly type: 'failed', readonly job: string, readonly error: ErrorRecord }
export type FromChild = ReadyMessage | ProgressMessage | CheckpointMessage | MetricsMessage | StageMessage | DoneMessage | FailedMessage
