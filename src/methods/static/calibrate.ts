/** What a criterion looks at: one number for each weight, observed over the calibration examples. */
import { spreadNorms, type ObservationName } from '../../engine/observe/index.ts'
import { observe, type ObserveRequest, type Observed as Observation } from '../../engine/observe/observe.ts'
import { openTrainingData } from '../../engine/train/open-data.ts'
import { EspalierError } from '../../errors.ts'
import type { Shape } from '../../models/tensor.ts'
import type { Observed } from '../../pruning/criteria/index.ts'
import type { CalibrationContext, StaticContext } from '../method.ts'
import type { CalibrationRecord } from '../receipt.ts'

export interface Calibration {
  readonly record: CalibrationRecord
  /** Why a weight could not be observed; undefined when it was. */
  refused (name: string): string | undefined
  /** Of a weight that was observed, row-major. */
  of (name: string, shape: Shape): Observed
}

interface Sight<N extends ObservationName = ObservationName> {
  /** For the receipt. */
  readonly what: string
  readonly observation: N
  readonly request?: Partial<Pick<ObserveRequest<N>, 'perExample'>>
  read (observed: Observation<N>, name: string, shape: Shape): Float32Array
}

/** One line for each kind of observed numbers. */
const SIGHTS: { readonly [Kind in keyof Observed]-?: Sight } = {
  inputs: sight({
    what: 'norm of the inputs of every weight',
    observation: 'inputNorms',
    read ({ results, examples }, name, shape) {
      const each = Math.sqrt(examples)
      return spreadNorms(results.inputNorms.get(name)!, shape).map((norm) => norm / each)
    },
  }),
  gradients: sight({ what: 'mean derivative of the loss by every weight', observation: 'lossGradients', read: ({ results }, name) => results.lossGradients.get(name)!.mean }),
  squaredGradients: sight({
    what: 'mean square of the derivatives of single examples\' losses by every weight',
    observation: 'lossGradients',
    request: { perExample: true },
    read: ({ results }, name) => results.lossGradients.get(name)!.meanSquare,
  }),
}

function sight<N extends ObservationName> (one: Sight<N>): Sight {
  return one as unknown as Sight
}

/** The calibration examples, in memory or streamed. */
export async function openCalibration ({ examples, limits, spool }: CalibrationContext, signal: AbortSignal): Promise<ObserveRequest<ObservationName>['data']> {
  return await openTrainingData(examples.training, { limitBytes: limits.sessionDataBytes, spool: async (name) => await spool(`calibration-${name}`), signal })
}

/** Runs the model over the calibration examples. `weights`: names of those that are to be ranked. Throws what observing throws. */
export async function calibrate ({ recipe, model, signal, calibration }: StaticContext, kind: keyof Observed, weights: readonly string[]): Promise<Calibration> {
  if (calibration === undefined) throw new EspalierError('internal', `the criterion ${recipe.criterion} was given nothing to look at`)
  const { examples, onProgress } = calibration
  const { what, observation, request, read } = SIGHTS[kind]
  const { batchSize, loss } = recipe.calibration!
  const begin = performance.now()
  const data = await openCalibration(calibration, signal)
  const observed = await observe({
    model, data, observations: [observation], weights, batchSize, loss, signal, ...request,
    onProgress (done, total) { onProgress({ stage: 'calibrating', done, total, etaSeconds: null }) },
  })
  return {
    record: { data: examples.name, examples: data.examples, observed: what, seconds: (performance.now() - begin) / 1000 },
    refused (name) {
      const reason = observed.skipped[observation].get(name)
      return reason === undefined ? undefined : `the criterion ${recipe.criterion} cannot be observed of it: ${reason}`
    },
    of: (name, shape) => ({ [kind]: read(observed, name, shape) }),
  }
}
