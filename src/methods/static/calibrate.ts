/** Looking at calibration data: the model runs over the examples, once for each look. */
import type { ObservationName } from '../../engine/observe/index.ts'
import { observe, type ObserveRequest, type Observed as Observation } from '../../engine/observe/observe.ts'
import { openTrainingData } from '../../engine/train/open-data.ts'
import { EspalierError } from '../../errors.ts'
import type { Observed } from '../../pruning/criteria/index.ts'
import type { PlannedTensor } from '../../pruning/plan.ts'
import type { CalibrationContext } from '../method.ts'
import type { UnitPlan } from '../plan-units.ts'
import type { OpenSight } from './sights/sight.ts'

/** What is looked at, and how it is read. */
export interface DataSight<N extends ObservationName> {
  /** For the receipt. */
  readonly what: string
  readonly observation: N
  readonly request?: Partial<Pick<ObserveRequest<N>, 'perExample' | 'units' | 'layers' | 'weights'>>
  /** Why a weight cannot be seen; undefined when it can. */
  refuse (observed: Observation<N>, tensor: PlannedTensor): string | undefined
  read (observed: Observation<N>, tensor: PlannedTensor): Observed
}

/** What was opened, by the examples: a criterion, a scan and a recalibration may look at the same. */
const opened = new WeakMap<CalibrationContext['examples'], Promise<ObserveRequest<ObservationName>['data']>>()

/** The calibration examples, in memory or streamed; opened once. */
export async function openCalibration (context: CalibrationContext, signal: AbortSignal): Promise<ObserveRequest<ObservationName>['data']> {
  const known = opened.get(context.examples) ?? open(context, signal)
  opened.set(context.examples, known)
  return await known
}

async function open ({ examples, limits, spool }: CalibrationContext, signal: AbortSignal): Promise<ObserveRequest<ObservationName>['data']> {
  return await openTrainingData(examples.training, { limitBytes: limits.sessionDataBytes, spool: async (name) => await spool(`calibration-${name}`), signal })
}

/** A sight over the calibration data. Looking throws what observing throws. */
export function overData<N extends ObservationName> (sightOf: (model: Parameters<OpenSight>[0]['model'], plan: UnitPlan) => DataSight<N>): OpenSight {
  return async ({ recipe, model, signal, calibration }, plan) => {
    if (calibration === undefined) throw new EspalierError('internal', `the criterion ${recipe.criterion} was given nothing to look at`)
    const { examples, onProgress } = calibration
    const { what, observation, request, refuse, read } = sightOf(model, plan)
    const { batchSize, loss } = recipe.calibration!
    const data = await openCalibration(calibration, signal)
    let seconds = 0
    return {
      async see (changes) {
        const begin = performance.now()
        const observed = await observe({
          model, changes, data, observations: [observation], weights: plan.plan.prune.map(({ name }) => name), batchSize, loss, signal, ...request,
          onProgress (done, total) { onProgress({ stage: 'calibrating', done, total, etaSeconds: null }) },
        })
        seconds += (performance.now() - begin) / 1000
        return {
          record: { data: examples.name, examples: data.examples, observed: what, seconds },
          refused: (tensor) => refuse(observed, tensor),
          of: (tensor) => read(observed, tensor),
        }
      },
      dispose () {},
    }
  }
}
