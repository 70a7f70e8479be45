/** How much every channel of a model matters by the recipe's criterion. */
import type { ModelFile } from '../../models/model.ts'
import { CRITERIA, observedFor, type Criterion, type CriterionName } from '../../pruning/criteria/index.ts'
import type { Structure } from '../../pruning/structure/couple.ts'
import { channelNorms, reduced, type Reduction } from '../../pruning/structure/norms.ts'
import { scoreUnits } from '../../pruning/units.ts'
import type { StaticContext } from '../method.ts'
import { planUnits } from '../plan-units.ts'
import type { CalibrationRecord } from '../receipt.ts'
import { SIGHTS } from '../static/sights/index.ts'
import { readPool, type PoolMember } from '../static/pool.ts'

export interface ChannelScores {
  /** By root. */
  readonly scores: ReadonlyMap<number, number>
  /** What was looked at, where the criterion looks at data. */
  readonly record?: CalibrationRecord
}

/** Criteria that are norms of all that goes with a channel, with their powers. */
const GROUP_NORMS: Readonly<Partial<Record<CriterionName, 1 | 2>>> = { 'group-l1': 1, 'group-l2': 2 }

/** Throws what looking at data throws, and `nothing-pruned` where the criterion can score no channel. */
export async function scoreChannels (context: StaticContext, structure: Structure): Promise<ChannelScores> {
  const { criterion = 'group-l2', options } = context.recipe
  const reduce = options!.reduce as Reduction
  const power = GROUP_NORMS[criterion]
  return power === undefined ? await scoreByKernels(context, structure, reduce) : { scores: await channelNorms(structure, trainedValues(context.model), { power, reduce }) }
}

/** Each weight is read once; what is not trained does not count. */
function trainedValues (model: ModelFile): Parameters<typeof channelNorms>[1] {
  const weights = new Map(model.layers.flatMap(({ path, weights }) => weights.map((weight) => [`${path}/${weight.role}`, weight] as const)))
  const read = new Map<string, Promise<Float32Array>>()
  return async (layer, role) => {
    const { spec, tensor } = weights.get(`${layer}/${role}`)!
    if (spec?.trainable !== true) return undefined
    const values = read.get(tensor.key) ?? tensor.read()
    read.set(tensor.key, values)
    return { shape: tensor.shape, values: await values }
  }
}

/** The score of a channel in each kernel that makes it, reduced over the kernels. */
async function scoreByKernels (context: StaticContext, structure: Structure, reduce: Reduction): Promise<ChannelScores> {
  const { recipe: { criterion: name = 'magnitude', seed, layers: _, ...recipe }, model } = context
  const { score, units, ...criterion }: Criterion = CRITERIA[name]
  // What a layer keeps, its channels know; all kernels are scored.
  const plan = planUnits(model, { ...recipe, criterion: name, seed, layers: [] })
  const kind = observedFor(criterion as Criterion, 'channel')
  const sight = kind && await SIGHTS[kind](context, plan)
  try {
    const seen = await sight?.see(new Map())
    const { members } = await readPool(context, seen === undefined ? plan : planUnits(model, { ...recipe, criterion: name, seed, layers: [] }, (tensor) => seen.refused(tensor)))
    const found = new Map<number, number[]>()
    members.forEach((member, place) => {
      const { grouping, values } = member
      const { scores } = scoreUnits(score(values, { observed: seen?.of(member) ?? {}, seed, place, grouping }), grouping, units)
      rootsOf(member, structure, model).forEach((root, channel) => {
        if (root !== undefined) found.set(root, [...found.get(root) ?? [], scores[channel]!])
      })
    })
    return { scores: new Map([...found].map(([root, numbers]) => [root, reduced(numbers, reduce)])), ...(seen?.record && { record: seen.record }) }
  } finally {
    sight?.dispose()
  }
}

/** Of each channel of a kernel, in the order of the granularity `channel`: the root of what it is in the model; undefined where its axis has none. */
function rootsOf ({ layer, role, shape, grouping }: PoolMember, { places, sets }: Structure, model: ModelFile): Array<number | undefined> {
  const axes = model.layers.find(({ path }) => path === layer)?.weights.find((weight) => weight.role === role)?.spec?.axes
  const output = axes?.output ?? []
  const place = places.find((one) => one.layer === layer && one.role === role && output.includes(one.axis))
  return Array.from({ length: grouping?.groups ?? shape.at(-1)! }, (_, channel) => {
    if (place === undefined) return undefined
    const inner = output.filter((axis) => axis > place.axis).reduce((all, axis) => all * shape[axis]!, 1)
    return sets.rootOf(place.labels[Math.floor(channel / inner)]!)
  })
}
