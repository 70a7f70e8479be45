/** Sensitivity: each layer gives up weights where the loss rises least, as measured by pruning it alone. */
import { EspalierError } from '../../errors.ts'
import { membersByLayer, zerosFor, type Scope } from './scope.ts'

/** The loss of the model with one layer pruned to so many zeros and all others as they are, from the layer as it is on. */
export interface LayerCurve { readonly layer: string, readonly points: ReadonlyArray<{ readonly zeros: number, readonly loss: number }> }

/** Shares of a layer that a scan prunes. */
export const SCANNED = [0.25, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995] as const

/**
 * Losses are taken to add up over layers. Each curve is replaced by the largest convex one below it; then the budget is spent where a zero costs least, which solves
 * the sum exactly. What lies beyond the last point of a curve is taken only when nothing else is left.
 */
export const sensitivity: Scope = {
  description: 'a ranking in each layer; sparsities by what pruning each layer alone does to the loss over calibration data, so that the sum is least',
  isGlobal: false,
  scans: true,
  allocate (pool, sparsity, curves) {
    if (curves === undefined) throw new EspalierError('internal', 'the scope sensitivity was given no curves')
    const groups = membersByLayer(pool).map((members) => ({ members, weights: members.reduce((sum, index) => sum + pool[index]!.weights, 0) }))
    const budget = zerosFor(sparsity, groups.reduce((sum, { weights }) => sum + weights, 0))
    const steps = groups.flatMap(({ members, weights }, group) => {
      const { layer } = pool[members[0]!]!
      return stepsOf(curves.find((curve) => curve.layer === layer)?.points ?? [], weights).map((step) => ({ ...step, group }))
    })
    // A stable sort: of equal slopes the earlier layer comes first, and a layer's own steps stay in their order.
    steps.sort((a, b) => a.slope - b.slope)
    const zeros = groups.map(() => 0)
    let left = budget
    for (const { group, size } of steps) {
      const taken = Math.min(left, size)
      zeros[group]! += taken
      left -= taken
    }
    return groups.map(({ members }, group) => ({ members, zeros: zeros[group]! }))
  },
}

interface Step { readonly size: number, readonly slope: number }

/** From no zeros to all weights, with rising slopes. Zeros that are there already cost nothing. */
function stepsOf (points: LayerCurve['points'], weights: number): Step[] {
  const [first] = points
  const corners = convexBelow(first === undefined || first.zeros === 0 ? points : [{ zeros: 0, loss: first.loss }, ...points])
  const steps = corners.slice(1).map(({ zeros, loss }, index) => ({ size: zeros - corners[index]!.zeros, slope: (loss - corners[index]!.loss) / (zeros - corners[index]!.zeros) }))
  const rest = weights - (corners.at(-1)?.zeros ?? 0)
  return rest > 0 ? [...steps, { size: rest, slope: Infinity }] : steps
}

/** The corners of the lower convex hull of points with ascending zeros; of several with the same zeros the last. Source: Andrew 1979. */
export function convexBelow (points: LayerCurve['points']): LayerCurve['points'] {
  const hull: Array<LayerCurve['points'][number]> = []
  for (const point of points) {
    if (hull.at(-1)?.zeros === point.zeros) hull.pop()
    while (hull.length > 1 && !isBelow(hull.at(-2)!, hull.at(-1)!, point)) hull.pop()
    hull.push(point)
  }
  return hull
}

/** Does `b` lie below the line from `a` to `c`? */
function isBelow (a: LayerCurve['points'][number], b: LayerCurve['points'][number], c: LayerCurve['points'][number]): boolean {
  return (b.loss - a.loss) * (c.zeros - a.zeros) < (c.loss - a.loss) * (b.zeros - a.zeros)
}
