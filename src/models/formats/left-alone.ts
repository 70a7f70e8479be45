/** Weights of graph formats that are left alone by default, by why: what operator tables share. */
import type { WeightSpec } from '../architecture/types.ts'
import { kept, type REASONS } from '../layers/weights.ts'
import type { Shape } from '../tensor.ts'

const because = (why: keyof typeof REASONS) => (role: string, shape: Shape): WeightSpec => kept(role, shape, why)

export const LEFT_ALONE = {
  bias: because('bias'),
  scale: because('normalisation'),
  statistics: because('statistics'),
  constant: because('constant'),
  state: because('state'),
  slope: because('slope'),
} as const
