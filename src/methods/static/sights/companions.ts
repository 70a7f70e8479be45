/** What goes with every channel besides its weights: its bias, and its scale and shift in the batch normalisation that follows. */
import { refuseUnscaled, scalesAfter } from '../../channel-scales.ts'
import type { LayerWeight, ModelFile, ModelLayer } from '../../../models/model.ts'
import type { Companion } from '../../../pruning/criteria/index.ts'
import { groupingOf } from '../../../pruning/granularity/index.ts'
import type { PlannedTensor } from '../../../pruning/plan.ts'
import type { UnitPlan } from '../../plan-units.ts'
import type { OpenSight } from './sight.ts'

export const companions: OpenSight = async ({ model }, plan) => {
  const found = new Map<string, Companion[]>()
  for (const tensor of plan.plan.prune) found.set(tensor.name, await Promise.all(besideUnits(model, plan, tensor).map(async (one): Promise<Companion> => ({ values: await one.weight.tensor.read(), of: one.of }))))
  return {
    see: async () => ({ refused: () => undefined, of: ({ name }) => ({ companions: found.get(name)! }) }),
    dispose () {},
  }
}

/** Weights of the same part of the layer, or of its batch normalisation, that have as many channels as the kernel. Rows of the layers that come after are not counted. */
function besideUnits (model: ModelFile, { layouts }: UnitPlan, tensor: PlannedTensor): Array<{ weight: LayerWeight, of: (element: number) => number }> {
  const layers = new Map(model.layers.map((layer) => [layer.path, layer]))
  const after = scalesAfter(model.architecture)
  const units = layouts.get(tensor.name)?.groups ?? tensor.weights
  const own = besides(layers.get(tensor.layer)!, tensor.role)
  const scaled = refuseUnscaled(model, after, 'none')(tensor) === undefined ? layers.get(after.get(tensor.layer)!.path)!.weights.filter(({ role }) => role === 'gamma' || role === 'beta') : []
  return [...own, ...scaled].flatMap((weight) => {
    const { shape } = weight.tensor
    const grouping = groupingOf({ name: weight.role, shape, axes: weight.spec!.axes, className: '', role: weight.role }, { type: 'channel' })
    if (grouping !== null && 'refused' in grouping) return []
    const channels = grouping?.groups ?? shape.reduce((product, size) => product * size, 1)
    return channels === units ? [{ weight, of: grouping === null ? (element: number) => element : (element: number) => grouping.of[element]! }] : []
  })
}

/** Trained weights that are left alone by default, beside a kernel: `query/bias` beside `query/kernel`. */
function besides ({ weights }: ModelLayer, role: string): LayerWeight[] {
  const part = role.slice(0, role.lastIndexOf('/') + 1)
  return weights.filter(({ role: other, prunable, spec }) => spec?.trainable === true && !prunable && other.slice(0, other.lastIndexOf('/') + 1) === part && spec.axes.inner !== true)
}
