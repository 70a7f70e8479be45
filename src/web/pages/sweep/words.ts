/** Points of a sweep in words, and what they cost. */
import type { Sweep } from '../../api/types.ts'
import { bytes, milliseconds, short } from '../../format/numbers.ts'

export type Point = Sweep['points'][number]
export type Cost = 'bytes' | 'macs' | 'latency'

export const COSTS = {
  bytes: { name: 'File size', of: ({ after }: Point) => after?.bytes ?? null, format: bytes },
  macs: { name: 'Multiplications', of: ({ after }: Point) => after?.macs ?? null, format: short },
  latency: { name: 'Latency', of: ({ after }: Point) => after?.latencyMs ?? null, format: milliseconds },
} as const satisfies Record<Cost, object>

export const SWEEP_WORDS = { running: ['busy', 'Running'], finished: ['good', 'Finished'], cancelling: ['idle', 'Cancelling'], cancelled: ['idle', 'Cancelled'] } as const satisfies Record<Sweep['state'], readonly [string, string]>

/** sparsity 0.9, scope layer; of a list of recipes: recipe 3. */
export function pointName ({ values, place }: Point): string {
  const told = Object.entries(values).map(([path, value]) => `${path.split('.').at(-1)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  return told.length === 0 ? `recipe ${place + 1}` : told.join(', ')
}
