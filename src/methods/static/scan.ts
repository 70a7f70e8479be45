/** What pruning each layer alone does to the loss, over the calibration examples. */
import { EspalierError } from '../../errors.ts'
import type { HeldChanges } from '../../models/model.ts'
import { SCANNED, type LayerCurve } from '../../pruning/allocation/index.ts'
import { membersByLayer } from '../../pruning/allocation/scope.ts'
import { countZeros } from '../../pruning/sparse.ts'
import { openEvaluator } from '../evaluator.ts'
import type { StaticContext } from '../method.ts'
import type { CalibrationRecord, SensitivityRecord } from '../receipt.ts'
import { openCalibration } from './calibrate.ts'
import type { Pool, PoolMember } from './pool.ts'

export interface Scan { readonly curves: readonly LayerCurve[], readonly sensitivity: readonly SensitivityRecord[], readonly record: CalibrationRecord }

/** Prunes the tensors of one layer to a sparsity, all others staying as they are. */
export interface PruneLayer { (members: readonly PoolMember[], sparsity: number): { readonly changes: HeldChanges, readonly zeros: number } }

/** Layers with a sparsity of their own are not looked at. Throws what evaluating throws, and `invalid-model` where the loss of the given model is no number. */
export async function scanLayers (context: StaticContext, { members }: Pool, prune: PruneLayer): Promise<Scan> {
  const { recipe, model, signal, calibration } = context
  if (calibration === undefined) throw new EspalierError('internal', 'the scope sensitivity was given nothing to look at')
  const begin = performance.now()
  const free = members.filter(({ sparsity }) => sparsity === undefined)
  const layers = membersByLayer(free).map((indices) => indices.map((index) => free[index]!))
  const data = await openCalibration(calibration, signal)
  const { batchSize } = recipe.calibration!
  const task = recipe.evaluation === false ? 'auto' : recipe.evaluation.task
  const evaluator = await openEvaluator(calibration, { model, data, batchSize, task, signal })
  try {
    const { loss: baseline } = await evaluator.evaluate(new Map())
    if (baseline === undefined || !Number.isFinite(baseline)) throw new EspalierError('invalid-model', `the loss over ${data.examples} calibration examples is ${baseline}: layers cannot be compared by it`)
    const curves: LayerCurve[] = []
    const sensitivity: SensitivityRecord[] = []
    let done = 0
    for (const own of layers) {
      const { layer } = own[0]!
      const weights = own.reduce((sum, { values }) => sum + values.length, 0)
      const before = own.reduce((sum, { values }) => sum + countZeros(values), 0)
      const points = [{ zeros: before, loss: baseline }]
      for (const share of SCANNED) {
        const { changes, zeros } = prune(own, share)
        // Units that are larger than weights come to the same zeros at several shares.
        if (zeros > points.at(-1)!.zeros) points.push({ zeros, loss: finite((await evaluator.evaluate(changes)).loss!) })
        calibration.onProgress({ stage: 'scanning', done: ++done, total: layers.length * SCANNED.length, etaSeconds: null })
      }
      curves.push({ layer, points })
      sensitivity.push({ layer, points: points.map(({ zeros, loss }) => ({ sparsity: zeros / weights, loss })) })
    }
    const record = { data: calibration.examples.name, examples: data.examples, observed: `the loss with each layer alone pruned to ${SCANNED.length} sparsities`, seconds: (performance.now() - begin) / 1000 }
    return { curves, sensitivity, record }
  } finally {
    evaluator.dispose()
  }
}

/** A loss that overflows is worse than any other. */
function finite (loss: number): number {
  return Number.isFinite(loss) ? loss : Number.MAX_VALUE
}

/** One record of two looks at the same examples. */
export function joinRecords (...records: ReadonlyArray<CalibrationRecord | undefined>): CalibrationRecord | undefined {
  const [first, ...rest] = records.filter((record) => record !== undefined)
  if (first === undefined) return undefined
  return rest.reduce((sum, { observed, seconds }) => ({ ...sum, observed: `${sum.observed}; ${observed}`, seconds: sum.seconds + seconds }), first)
}
