/** Channels of attention: whole heads, and features of what is attended to. */
import type { Json } from '../../../models/json.ts'
import type { AttentionConfig } from '../../../models/layers/attention.ts'
import { placesOf } from '../../../models/layers/attention.ts'
import type { DotAttentionConfig } from '../../../models/layers/dot-attention.ts'
import { joinAxes, repeatEach } from '../axis-labels.ts'
import type { ValueLabels } from '../channels.ts'
import { freezeOthers, withSettings, type Application, type Resized, type StructureRule } from '../rule.ts'

export const multiHead: StructureRule<AttentionConfig> = attention(false)

/** Its outputs are as many as the features of its query. */
export const groupedQuery: StructureRule<AttentionConfig> = attention(true)

/** A head of keys and values goes with all heads of queries that use it. `likeQuery`: no setting tells how many outputs there are. */
function attention (likeQuery: boolean): StructureRule<AttentionConfig> {
  return { couple: (application) => coupleHeads(application, likeQuery), resize: withHeads }
}

function coupleHeads (application: Application<AttentionConfig>, likeQuery: boolean): ValueLabels[] {
  const { c, inputs, outputShapes: [output, scores], call, bind, fresh } = application
  const places = placesOf(call)
  const [query, value, key] = [inputs[places.query]!, inputs[places.value]!, inputs[places.key ?? places.value]!]
  const rank = query.length
  freezeOthers({ ...application, inputs: [query, value, key] }, [rank - 1], 'its channels are positions of attention')
  const masks = inputs.filter((_, place) => ![places.query, places.value, places.key].includes(place))
  freezeOthers({ ...application, inputs: masks }, [], 'it is a mask')
  const heads = fresh(c.keyHeads, 'heads')
  const each = repeatEach(heads, c.heads / c.keyHeads)
  for (const part of ['query', 'gate']) bind(`${part}/kernel`, 0, query.at(-1)!)
  bind('key/kernel', 0, key.at(-1)!)
  bind('value/kernel', 0, value.at(-1)!)
  for (const part of ['query', 'gate']) for (const [role, axis] of [['kernel', 1], ['bias', 0]] as const) bind(`${part}/${role}`, axis, each)
  for (const part of ['key', 'value']) for (const [role, axis] of [['kernel', 1], ['bias', 0]] as const) bind(`${part}/${role}`, axis, heads)
  bind('attention_output/kernel', 0, each)
  const sizes = output!.slice(rank - 1) as number[]
  const features = sizes.length === 1 ? fresh(sizes[0]!, 'outputs') : null
  if (likeQuery) joinAxes(application.sets, features, query.at(-1)!)
  bind('attention_output/kernel', 2, features)
  bind('attention_output/bias', 0, features)
  const labels = output!.map((_, axis) => axis === rank - 1 ? features : null)
  // Scores are told apart by heads behind all axes that are not attended over.
  const headAxis = scores === undefined ? -1 : scores.length - 2 * (c.axes?.length ?? rank - 2) - 1
  return scores === undefined ? [labels] : [labels, scores.map((_, axis) => axis === headAxis ? each : null)]
}

function withHeads (entry: Json, { weight, outputs: [output], inputs: [query] }: Resized): Json {
  const [heads, keyHeads] = [weight('query/kernel')![1]!, weight('key/kernel')![1]!]
  const { num_heads: written, output_shape: shape = null } = entry.config as { num_heads?: number, output_shape?: unknown }
  if (written === undefined) return withSettings(entry, { num_query_heads: heads, num_key_value_heads: keyHeads })
  // Without a shape of its own its outputs are as many as the features of the query.
  const features = output!.slice(query!.length - 1)
  return withSettings(entry, { num_heads: heads, output_shape: shape === null && features[0] === query!.at(-1) ? shape : features })
}

/** Query and key are compared over their features, which stay; those of the value are passed on. */
export const dotAttention: StructureRule<DotAttentionConfig> = {
  couple (application) {
    const { inputs: [query, value, key], outputShapes, sets } = application
    const reason = 'query and key are compared over their channels'
    sets.freeze(query!.at(-1)!, reason)
    sets.freeze((key ?? value)!.at(-1)!, reason)
    freezeOthers(application, [2], 'its channels are positions of attention')
    return outputShapes.map((shape, index) => shape.map((_, axis) => index === 0 && axis === 2 ? value![2]! : null))
  },
}
