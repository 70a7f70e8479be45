/** The stage `shrink`: channels that died whole are taken out of the model, which computes the same. */
import { Type } from 'typebox'
import type { StageRules } from './stage.ts'

export const shrink = {
  description: 'takes channels out that died whole: the model computes the same, smaller and faster',
  settings: Type.Object({}, { additionalProperties: false }),
  complete: () => ({}),
  // What a dead channel gave is folded into biases, which no grid and no cluster holds; kernels only lose places.
  record: Type.Object({ channels: Type.Optional(Type.Object({ before: Type.Integer(), after: Type.Integer() }, { description: 'of all groups' })) }),
} as const satisfies StageRules
