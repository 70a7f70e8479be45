/** Dead channels of attention: heads whose values are zero or that nothing reads, and features that no head looks at. */
import { placesOf, type AttentionConfig } from '../../../../models/layers/attention.ts'
import type { DotAttentionConfig } from '../../../../models/layers/dot-attention.ts'
import { knownAlong, unknownValue, zerosOf, type Constants } from '../constants.ts'
import type { DeadRule, Passage } from '../rule.ts'
import { addSpread, columnSums, uniformAlong } from '../weights.ts'

export const heads: DeadRule<AttentionConfig> = {
  pass (passage) {
    const { c, inputs, inputLabels, outputLabels: [labels, scores], call, weight, read, pin, foldInto } = passage
    const places = placesOf(call)
    const rank = inputLabels[places.query]!.length
    const features = (place: number): Constants => inputs[place]![rank - 1]!
    const [query, value, key] = [features(places.query), features(places.value), features(places.key ?? places.value)]
    for (const [part, constants] of [['query', query], ['gate', query], ['key', key], ['value', value]] as const) {
      if (weight(`${part}/kernel`) !== undefined) read(`${part}/kernel`, 0, constants, weight(`${part}/bias`) === undefined ? 'it has no bias' : foldInto(`${part}/bias`, [null, 0, 1]))
    }
    const given = [places.query, places.value, places.key]
    inputLabels.forEach((one, input) => { if (!given.includes(input)) for (const axis of one) pin(axis, 'they are a mask of attention') })
    const live = headValues(passage, value)
    read('attention_output/kernel', 0, live, 'what a head gives is not one number')
    const kernel = weight('attention_output/kernel')!
    // With several axes of features none of them has channels.
    const outputs = kernel.shape.length === 3 ? columnSums(kernel, new Map([[0, live]]), [2]) : null
    const bias = weight('attention_output/bias')
    const known = outputs !== null && bias !== undefined ? addSpread(outputs, [outputs.length], bias, [0]) : outputs
    return [knownAlong(labels!, rank - 1, c.outputShape === null || c.outputShape.length === 1 ? known : null), ...scores === undefined ? [] : [unknownValue(scores)]]
  },
}

/** 0 of heads whose values are all 0: whatever is attended to, zeros come of it. */
function headValues ({ c, weight }: Passage<AttentionConfig>, value: Constants): Float64Array {
  const { shape } = weight('value/kernel')!
  const sizes = shape.slice(1)
  const bias = weight('value/bias')
  const sums = columnSums(weight('value/kernel')!, new Map([[0, value]]), [1, 2])
  const zeros = zerosOf(uniformAlong(sizes, bias === undefined ? sums : addSpread(sums, sizes, bias, [0, 1]), 0))!
  return Float64Array.from({ length: c.heads }, (_, head) => zeros[Math.floor(head / (c.heads / c.keyHeads))]!)
}

/** Sums of the values, with weights that sum to 1 or are left out by a mask. */
export const dotAttention: DeadRule<DotAttentionConfig> = {
  pass ({ inputs: [, value], outputLabels: [labels, ...others] }) {
    return [knownAlong(labels!, 2, zerosOf(value![2]!)), ...others.map(unknownValue)]
  },
}
