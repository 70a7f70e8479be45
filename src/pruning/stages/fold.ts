/** The stage `fold`: batch normalisation becomes part of the layers before it. */
import { Type, type Static } from 'typebox'
import type { StageRules } from './stage.ts'

const settings = Type.Object({
  dead: Type.Optional(Type.Boolean({ description: 'also take out channels that died whole' })),
}, { additionalProperties: false })

export interface FoldSettings { readonly dead: boolean }

export const fold = {
  description: 'folds batch normalisation into the layers before it and takes dead channels out: the model computes the same with fewer layers',
  settings,
  complete: ({ dead = true }: Static<typeof settings>): FoldSettings => ({ dead }),
  // Each output channel of a kernel is scaled by itself.
  breaks: () => ['grid', 'clusters'],
  record: Type.Object({
    folded: Type.Array(Type.Object({ layer: Type.String(), into: Type.String(), madeBias: Type.Boolean({ description: 'the layer had none before' }) })),
    kept: Type.Array(Type.Object({ layer: Type.String(), reason: Type.String() }), { description: 'batch normalisation that stays' }),
    channels: Type.Optional(Type.Object({ before: Type.Integer(), after: Type.Integer() }, { description: 'of all groups, where dead ones went' })),
  }),
} as const satisfies StageRules<FoldSettings, Static<typeof settings>>
