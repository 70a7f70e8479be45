/** Channels of layers around other layers. */
import type { Json } from '../../../models/json.ts'
import { layerTypeOf } from '../../../models/layers/index.ts'
import type { BidirectionalConfig, TimeDistributedConfig } from '../../../models/layers/wrappers.ts'
import { concatLabels, joinAxes } from '../axis-labels.ts'
import type { ValueLabels } from '../channels.ts'
import { withSettings, type Resized, type StructureRule } from '../rule.ts'
import { coupleCells, withCells } from './recurrent.ts'

export const bidirectional: StructureRule<BidirectionalConfig> = {
  couple (application) {
    const { c, inputs: [given, ...states], sets } = application
    const half = states.length / 2
    const [[first, ...own], [second, ...others]] = [
      coupleCells({ ...application, inputs: [given!, ...states.slice(0, half)] }, c.forward, 'forward_layer/'),
      coupleCells({ ...application, inputs: [given!, ...states.slice(half)] }, c.backward, 'backward_layer/'),
    ] as [ValueLabels[], ValueLabels[]]
    const rest = [...own, ...others]
    // Keras takes both directions to be as wide as the first: a unit of one goes with a unit of the other, however they are merged.
    own.forEach((labels, state) => { joinAxes(sets, labels[1]!, others[state]?.[1] ?? labels[1]!) })
    const axis = first!.length - 1
    const joined = joinAxes(sets, first![axis]!, second![axis]!)
    if (c.merge === null) return [first!, second!, ...rest]
    const parts = [first!, second!].map((labels) => ({ labels, shape: labels.map((one) => one?.length ?? null) }))
    return [c.merge === 'concat' ? concatLabels(sets, parts, axis, () => new Int32Array()) : first!.map((_, at) => at === axis ? joined : null), ...rest]
  },
  resize (entry, { weight }) {
    const { layer, backward_layer: written } = entry.config as { layer: Json, backward_layer?: Json | null }
    const resized = (inner: Json, name: string): Json => withCells(inner, (prefix) => weight(`${name}/${prefix}recurrent_kernel`)![0]!)
    const { name, go_backwards: backwards = false } = layer.config as { name?: string, go_backwards?: boolean }
    // One that is not written is the first the other way round, of as many units.
    const backward = written ?? withSettings(layer, { name: `backward_${name ?? 'layer'}`, go_backwards: !backwards })
    return withSettings(entry, { layer: resized(layer, 'forward_layer'), backward_layer: resized(backward, 'backward_layer') })
  },
}

/** `ruleOf`: the rule of an inner layer, by the key of the table. */
export function timeDistributed (ruleOf: (type: string) => StructureRule<unknown>): StructureRule<TimeDistributedConfig> {
  return {
    couple (application) {
      const { c, inputs: [given], inputShapes, outputShapes, sets } = application
      sets.freeze(given![1]!, 'its channels are steps of a sequence')
      const atOneStep = <T>([batch, , ...rest]: readonly T[]): T[] => [batch!, ...rest]
      const inner = ruleOf(c.inner.type).couple({ ...application, c: c.inner.config, inputs: [atOneStep(given!)], inputShapes: inputShapes.map(atOneStep), outputShapes: outputShapes.map(atOneStep) })
      return inner.map(([batch, ...rest]) => [batch!, null, ...rest])
    },
    resize (entry, resized) {
      const { layer } = entry.config as { layer: Json }
      const atOneStep = <T>([batch, , ...rest]: readonly T[]): T[] => [batch!, ...rest]
      const { inputs, outputs, before, inputLabels } = resized
      const inner: Resized = { ...resized, inputs: inputs.map(atOneStep), outputs: outputs.map(atOneStep), inputLabels: inputLabels.map(atOneStep), before: { inputs: before.inputs.map(atOneStep), outputs: before.outputs.map(atOneStep) } }
      return withSettings(entry, { layer: ruleOf(layerTypeOf(String(layer.class_name))!).resize?.(layer, inner) ?? layer })
    },
  }
}
