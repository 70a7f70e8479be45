/** What a runtime is: something that loads models of a job so that they can be run. */
import type { Predictor } from '../../engine/predict.ts'
import type { ModelFile, HeldChanges } from '../../models/model.ts'
import type { JobInput } from '../job-types.ts'

/** What of a job runtimes are opened with. */
export type RuntimeInput = Pick<JobInput, 'engine' | 'folder' | 'limits'>

export interface Runtime {
  /** For the receipt: of the libraries, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** For the receipt: device, threads and the like. */
  readonly info: Readonly<Record<string, unknown>>
  /** Why this model is not run on this machine, if it is not. */
  refusal? (model: ModelFile): Promise<string | undefined>
  /** The model, with `changes` in place of the file's values where given. Throws `unsupported-layer` when it cannot be run. */
  load (model: ModelFile, changes?: HeldChanges): Promise<Predictor>
}
