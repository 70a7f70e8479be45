/** States, stages and failures in plain words. */
import type { ErrorCode } from '../../errors.ts'
import type { JobState } from '../api/types.ts'

export const STATE_WORDS = {
  queued: 'Queued', running: 'Running', pausing: 'Pausing', paused: 'Paused', cancelling: 'Cancelling', succeeded: 'Succeeded', failed: 'Failed', cancelled: 'Cancelled',
} as const satisfies Record<JobState, string>

const STAGE_WORDS: Readonly<Record<string, string>> = {
  queued: 'Waiting for a worker',
  fetching: 'Fetching the files',
  reading: 'Reading the files',
  calibrating: 'Looking at calibration data',
  scanning: 'Scanning the weights',
  searching: 'Searching the sparsity',
  pruning: 'Pruning',
  shrinking: 'Taking channels out',
  training: 'Training',
  evaluating: 'Evaluating',
  timing: 'Measuring latency',
  writing: 'Writing the model',
  verifying: 'Reading it back and verifying',
  storing: 'Storing the files',
  done: 'Done',
}

export function stageWords (stage: string): string {
  return STAGE_WORDS[stage] ?? stage
}

export interface FailureWords { readonly what: string, readonly advice?: string }

const FAILURES: Partial<Record<ErrorCode, FailureWords>> = {
  'invalid-recipe': { what: 'The recipe does not fit this model or data', advice: 'Start a new run with the recipe changed.' },
  'invalid-model': { what: 'The model file cannot be read', advice: 'Save the model again and upload it anew.' },
  'invalid-dataset': { what: 'The data set file cannot be read', advice: 'Check the data set and upload it anew.' },
  'unsupported-layer': { what: 'The model has a layer that cannot be run here', advice: 'Methods that need no data prune it without running it.' },
  'shape-mismatch': { what: 'The data do not fit the model', advice: 'The shape of an example must be that of the model’s input.' },
  'limit-exceeded': { what: 'The run went over a limit', advice: 'Raise the limit, or ask for less.' },
  'nothing-pruned': { what: 'The run would have changed nothing', advice: 'Ask for more sparsity, or skip fewer layers.' },
  'target-missed': { what: 'The target was not reached', advice: 'Ask for less, or let it train longer.' },
  'training-diverged': { what: 'Training lost the model: its loss is no number any more', advice: 'A lower learning rate usually helps.' },
  'verification-failed': { what: 'The written file did not read back as it was written', advice: 'Nothing was published. Retry; if it happens again, the disk may be at fault.' },
  'engine-crashed': { what: 'The engine process died', advice: 'Retry: training goes on from the last checkpoint.' },
  'engine-unavailable': { what: 'TensorFlow cannot be used on the worker', advice: 'Run npm run setup on the worker.' },
  'attempts-exhausted': { what: 'The run was started several times and never came to an end', advice: 'Its worker may be short of memory.' },
  'storage-full': { what: 'There is no room left to store the result', advice: 'Free some space, then retry.' },
  'quota-exceeded': { what: 'A quota is used up', advice: 'Delete what is not needed any more, then retry.' },
  'blob-damaged': { what: 'A stored file is damaged', advice: 'Upload the file again.' },
  unavailable: { what: 'A service that the run needs was away', advice: 'Retry when it is back.' },
  internal: { what: 'Something went wrong that should not have', advice: 'This is a mistake of the service; its log says more.' },
}

export function failureWords (code: string): FailureWords {
  return FAILURES[code as ErrorCode] ?? { what: 'The run failed' }
}

/** minChannels: Min channels. */
export function labelOf (name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
