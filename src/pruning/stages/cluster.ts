/** The stage `cluster`: weights of a tensor share few values, which may be trained. Source: Han, Mao, Dally 2016, Deep Compression, section 3. */
import { Type, type Static } from 'typebox'
import { INITS, type Init } from '../cluster/cluster.ts'
import { TrainingInput } from '../training/schema.ts'
import { completeTraining, type Training } from '../training/training.ts'
import type { Problem } from '../validate.ts'
import type { StageRules } from './stage.ts'
import { problemsOfStageTraining } from './training-problems.ts'

/** An index takes a byte, in what reads such tensors. */
const MOST_CLUSTERS = 256

const clusters = Type.Integer({ minimum: 2, maximum: MOST_CLUSTERS, description: 'values that the weights of a tensor share, each tensor its own; zero comes besides' })

const rule = Type.Object({
  match: Type.String({ minLength: 1, maxLength: 512, description: 'path of a layer or weight, with *, ? and **' }),
  clusters: Type.Optional(clusters),
  skip: Type.Optional(Type.Boolean({ description: 'leave it as it is; false opts in' })),
}, { additionalProperties: false })

const settings = Type.Object({
  clusters: Type.Optional(clusters),
  init: Type.Optional(Type.Enum([...INITS], { description: 'where k-means begins; optimal is the least error there is', type: 'string' })),
  layers: Type.Optional(Type.Array(rule, { maxItems: 1000, description: 'exceptions by layer or weight; the last one that matches holds' })),
  training: Type.Optional(Type.Union([TrainingInput, Type.Null()], { description: 'trains the shared values, and whatever shares none; null: not at all' })),
}, { additionalProperties: false })

export interface ClusterRule { readonly match: string, readonly clusters?: number, readonly skip?: boolean }

export interface ClusterSettings {
  readonly clusters: number
  readonly init: Init
  readonly layers: readonly ClusterRule[]
  readonly training: Training | null
}

export const cluster = {
  description: 'lets the weights of each tensor share few values, found by k-means; zeros stay zero',
  settings,
  complete: (given: Static<typeof settings>): ClusterSettings => ({
    clusters: given.clusters ?? 16,
    init: given.init as Init | undefined ?? 'linear',
    layers: given.layers ?? [],
    training: given.training == null ? null : completeTraining(given.training),
  }),
  problems ({ training, layers }, path) {
    const empty = (layers as readonly ClusterRule[] | undefined ?? []).flatMap((one, index): Problem[] => one.clusters === undefined && one.skip === undefined
      ? [{ path: `${path}/layers/${index}`, message: 'says nothing: give clusters or skip' }]
      : one.clusters !== undefined && one.skip === true ? [{ path: `${path}/layers/${index}`, message: 'has both clusters and skip: true: give one of them' }] : [])
    return [...empty, ...problemsOfStageTraining(training, path)]
  },
  needs: ({ training }) => training === null ? {} : { trains: 'the stage cluster trains' },
  makes: () => ['clusters'],
  breaks: () => ['grid'],
  record: Type.Object({
    layers: Type.Array(Type.Object({
      layer: Type.String(),
      role: Type.String(),
      clusters: Type.Integer({ description: 'asked for' }),
      used: Type.Integer({ description: 'that have weights' }),
      zeros: Type.Integer(),
      meanSquaredError: Type.Number({ description: 'over all weights of the tensor, before its values are trained' }),
      entropyBits: Type.Number({ description: 'bits that a weight takes at least when each is coded by itself, zeros included' }),
      huffmanBytes: Type.Integer({ description: 'with codebook, Huffman-coded indices and gaps, and the tables of both' }),
    }), { description: 'tensors that share values' }),
    skipped: Type.Array(Type.Object({ layer: Type.String(), role: Type.String(), reason: Type.String() }), { description: 'that might, and do not' }),
    huffmanBytes: Type.Integer({ description: 'of the whole model, tensors that share nothing as float32' }),
    ratio: Type.Number({ description: 'all weights as float32 over huffmanBytes' }),
  }),
} as const satisfies StageRules<ClusterSettings>
