/** Lowers layers around other layers. */
import type { BidirectionalConfig, TimeDistributedConfig } from '../../layers/wrappers.ts'
import type { GraphBuilder } from '../builder.ts'
import { knownShape } from '../builder.ts'
import type { Value } from '../graph.ts'
import type { Lowering, Weights } from './lowering.ts'
import { runSequence } from './recurrent.ts'

export const bidirectional: Lowering<BidirectionalConfig> = (g, { forward, backward, merge }, [x], { weights, masks }) => {
  const run = { x: x!, mask: masks[0], states: [] }
  const [first, ...states] = runSequence(g, forward, run, within(weights, 'forward_layer/'))
  const [second, ...others] = runSequence(g, backward, run, within(weights, 'backward_layer/'))
  const other = backward.sequences ? g.apply('reverse', [second!], second!.shape, { axis: 1 }) : second!
  return [...merge === null ? [first!, other] : [MERGES[merge](g, first!, other)], ...states, ...others]
}

const MERGES = {
  concat: (g: GraphBuilder, a: Value, b: Value) => g.concat([a, b], -1),
  sum: (g: GraphBuilder, a: Value, b: Value) => g.add(a, b),
  mul: (g: GraphBuilder, a: Value, b: Value) => g.mul(a, b),
  ave: (g: GraphBuilder, a: Value, b: Value) => g.mul(g.add(a, b), 0.5),
} as const

/** `lowerings` gives that of a type: the wrapper stands in that table itself. */
export function timeDistributed (lowerings: (type: string) => Lowering<unknown>): Lowering<TimeDistributedConfig> {
  return (g, { inner }, [x], application) => {
    const [batch] = x!.shape as [number | null]
    const [steps] = knownShape([x!.shape[1]!], g.layer) as [number]
    const flat = g.reshape(x!, [batch === null ? null : batch * steps, ...x!.shape.slice(2)])
    return lowerings(inner.type)(g, inner.config, [flat], { ...application, masks: [undefined] })
      .map((y) => g.reshape(y, [batch, steps, ...y.shape.slice(1)]))
  }
}

function within (weights: Weights, prefix: string): Weights {
  return Object.fromEntries(Object.entries(weights).filter(([role]) => role.startsWith(prefix)).map(([role, value]) => [role.slice(prefix.length), value]))
}
