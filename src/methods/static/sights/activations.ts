/** What calibration data tells of every channel: its activations. */
import type { ActivationStatistics } from '../../../engine/observe/index.ts'
import { activationAfter, GIVES_ZEROS } from '../../../models/architecture/activation-after.ts'
import type { ModelFile } from '../../../models/model.ts'
import type { Observed } from '../../../pruning/criteria/index.ts'
import type { PlannedTensor } from '../../../pruning/plan.ts'
import { overData, type DataSight } from '../calibrate.ts'
import type { UnitPlan } from '../../plan-units.ts'

interface Channels {
  readonly what: string
  /** Are zeros counted? Then there must be an activation that gives some. */
  readonly zeros: boolean
  readonly read: (statistics: ActivationStatistics) => Observed
}

export const zeroActivations = overData(channels({ what: 'share of zeros among the activations of every channel', zeros: true, read: ({ zeros }) => ({ zeroActivations: zeros }) }))

export const meanActivations = overData(channels({ what: 'mean absolute activation of every channel', zeros: false, read: ({ meanAbsolute }) => ({ meanActivations: meanAbsolute }) }))

function channels ({ what, zeros, read }: Channels): (model: ModelFile, plan: UnitPlan) => DataSight<'activations'> {
  return (model, { plan, layouts }) => {
    const layers = new Map(model.layers.map((layer) => [layer.path, layer]))
    const after = activationAfter(model.architecture)
    const placeOf = ({ layer }: PlannedTensor): string => after(layer)?.path ?? layer
    const reasonOf = (tensor: PlannedTensor): string | undefined => {
      const { layer, weights } = layers.get(tensor.layer)!
      const found = after(tensor.layer)
      if (weights.find(({ role }) => role === tensor.role)?.spec?.axes.inner === true) return 'its channels stay within the layer, where their activations cannot be seen'
      if (zeros && (found === undefined || !GIVES_ZEROS.has(found.activation))) {
        return found === undefined ? 'no activation follows it directly, so there are no zeros to count' : `the activation ${found.activation} that follows it gives no zeros to count`
      }
      // An activation that is a layer of its own does not know where the channels are.
      const { format } = (layer.config ?? {}) as { readonly format?: unknown }
      return format === 'channels_first' && placeOf(tensor) !== tensor.layer ? 'its channels come first, and the activation is a layer of its own' : undefined
    }
    return {
      what,
      observation: 'activations',
      request: { layers: [...new Set(plan.prune.filter((tensor) => reasonOf(tensor) === undefined).map(placeOf))] },
      refuse ({ results, skipped }, tensor) {
        const [reason, place] = [reasonOf(tensor), placeOf(tensor)]
        if (reason !== undefined) return reason
        const statistics = results.activations.get(place)
        if (statistics === undefined) return `its activations cannot be seen: ${skipped.activations.get(place) ?? 'it is not applied'}`
        const count = layouts.get(tensor.name)?.groups ?? tensor.weights
        return statistics.mean.length === count ? undefined : `its ${count} channels are not the ${statistics.mean.length} of the activations that follow`
      },
      read: ({ results }, tensor) => read(results.activations.get(placeOf(tensor))!),
    }
  }
}
