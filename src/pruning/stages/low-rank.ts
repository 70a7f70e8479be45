/** The stage `low-rank`: layers become products of smaller ones (Jaderberg et al. 2014, Kim et al. 2016). */
import { Type, type Static } from 'typebox'
import { SearchInput } from '../recipe-parts.ts'
import type { StageRules } from './stage.ts'

const settings = Type.Object({
  energy: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'share of the squares of the singular values that every layer keeps' })),
  macs: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'share of the multiplications of the layers that it may change that stays' })),
  maxAccuracyDrop: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'how far the accuracy may fall, as an absolute fraction; ranks are searched over examples that are not reported' })),
  layers: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 256, description: 'patterns over the paths of layers; others stay as they are' })),
  search: Type.Optional(SearchInput),
}, { additionalProperties: false })

type Given = Static<typeof settings>

type Goal = { readonly energy: number } | { readonly macs: number } | { readonly maxAccuracyDrop: number }

export type LowRankSettings = Goal & {
  readonly layers: readonly string[]
  /** With `maxAccuracyDrop`. `low` and `high` are shares of the multiplications that go. */
  readonly search?: { readonly attempts: number, readonly low: number, readonly high: number, readonly examples: number }
}

const GOALS = ['energy', 'macs', 'maxAccuracyDrop'] as const

const ENERGY = 0.9

const SEARCH = { attempts: 8, low: 0.02, high: 0.99, examples: 5000 } as const

const Count = Type.Integer({ minimum: 0 })

export const lowRank = {
  description: 'puts products of two or three smaller layers in place of dense layers and convolutions',
  settings,
  complete ({ energy, macs, maxAccuracyDrop, layers = ['**'], search }: Given): LowRankSettings {
    if (maxAccuracyDrop !== undefined) return { maxAccuracyDrop, layers, search: { ...SEARCH, ...search } }
    return { ...(macs !== undefined ? { macs } : { energy: energy ?? ENERGY }), layers }
  },
  problems (given, path) {
    const goals = GOALS.filter((goal) => given[goal] !== undefined)
    const { low = SEARCH.low, high = SEARCH.high } = (given.search ?? {}) as { low?: number, high?: number }
    return [
      ...(goals.length > 1 ? [{ path: `${path}/${goals[1]}`, message: `stands beside "${goals[0]}": give one of ${GOALS.map((goal) => `"${goal}"`).join(', ')}` }] : []),
      ...(given.search !== undefined && given.maxAccuracyDrop === undefined ? [{ path: `${path}/search`, message: 'is taken with "maxAccuracyDrop"' }] : []),
      ...(low >= high ? [{ path: `${path}/search/low`, message: `must be below "high", which is ${high}` }] : []),
    ]
  },
  needs: (own: LowRankSettings) => 'maxAccuracyDrop' in own ? { calibrates: 'the stage low-rank searches its ranks by accuracy' } : {},
  breaks: () => ['grid', 'clusters'],
  record: Type.Object({
    layers: Type.Array(Type.Object({
      layer: Type.String(),
      kind: Type.Enum(['svd', 'channel', 'tucker-2'], { type: 'string' }),
      rank: Type.Array(Type.Integer({ minimum: 1 }), { description: 'one, or that of the input and that of the output channels' }),
      macsBefore: Count,
      macsAfter: Count,
      weightsBefore: Count,
      weightsAfter: Count,
      error: Type.Number({ description: 'of the kernel: norm of the difference / norm' }),
    })),
    skipped: Type.Array(Type.Object({ layer: Type.String(), reason: Type.String() })),
    macs: Type.Object({ before: Count, after: Count }, { description: 'of one example, the whole model' }),
    energy: Type.Number({ description: 'share of the squares that every factorized layer kept at least' }),
  }),
} as const satisfies StageRules<LowRankSettings, Given>
