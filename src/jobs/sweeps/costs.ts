/** What a pruned model costs, by name: one line each. Less is better. */
import type { Measurement } from '../../methods/receipt.ts'

export const COSTS = {
  bytes: { description: 'size of the file', of: ({ bytes }) => bytes },
  gzipBytes: { description: 'size of the file after gzip', of: ({ gzipBytes }) => gzipBytes },
  nonzeros: { description: 'trainable parameters that are not zero', of: ({ nonzeros }) => nonzeros },
  weights: { description: 'trainable parameters', of: ({ weights }) => weights },
  macs: { description: 'multiply-accumulates for one example, dense', of: ({ macs }) => macs },
  latency: { description: 'median time of one forward pass, milliseconds', of: ({ latencyMs }) => latencyMs?.p50 ?? null },
} as const satisfies Record<string, { readonly description: string, readonly of: (measured: Measurement) => number | null }>

export type CostName = keyof typeof COSTS
export const COST_NAMES = Object.keys(COSTS) as CostName[]

/** Those that Pareto sets weigh against the metric. */
export const PARETO_COSTS = ['bytes', 'macs', 'latency'] as const satisfies readonly CostName[]
export type ParetoCost = typeof PARETO_COSTS[number]
