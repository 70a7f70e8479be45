/** Channels of layers that act on positions: pooling, padding, cropping, enlarging, noise. */
import type { DataFormat } from '../../../models/layers/reader.ts'
import { channelAxis } from '../../../models/layers/shapes.ts'
import { along, freezeOthers, type Application, type StructureRule } from '../rule.ts'

interface Spatial { readonly format: DataFormat }

/** Channels keep their place; positions along an axis of channels cannot be told apart any more. */
export const spatial: StructureRule<Spatial> = {
  couple: (application) => [along(application.outputShapes[0]!, channelAxis(application.c.format, application.outputShapes[0]!.length), channelsIn(application))],
}

/** All positions become one. */
export const globalPooling: StructureRule<Spatial & { readonly keepAxes: boolean }> = {
  couple (application) {
    const [shape] = application.outputShapes
    return [along(shape!, application.c.keepAxes ? channelAxis(application.c.format, shape!.length) : 1, channelsIn(application))]
  },
}

function channelsIn (application: Application<Spatial>) {
  const [given] = application.inputs
  const axis = channelAxis(application.c.format, given!.length)
  freezeOthers(application, [axis], 'its channels are positions')
  return given![axis]!
}
