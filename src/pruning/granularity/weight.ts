/** Weight: every weight is on its own. */
import { Type } from 'typebox'
import type { Granularity } from './granularity.ts'

const input = Type.Object({ type: Type.Literal('weight') }, { additionalProperties: false, description: 'single weights' })

export const weight: Granularity<{ readonly type: 'weight' }, typeof input> = {
  description: 'single weights, wherever they are',
  input,
  group: () => null,
}
