/** The table of stages, one line each, and the schemas of a recipe's and a receipt's list of them. */
import { Type } from 'typebox'
import type { Training } from '../training/training.ts'
import { cluster } from './cluster.ts'
import { fineTune } from './fine-tune.ts'
import { fold } from './fold.ts'
import { lowRank } from './low-rank.ts'
import { prune } from './prune.ts'
import { quantize } from './quantize.ts'
import { shrink } from './shrink.ts'
import type { Property, StageNeeds, StageRules } from './stage.ts'

/** Methods, so that each may take its own settings. */
type AnyStage = Omit<StageRules, 'complete' | 'needs' | 'makes' | 'breaks'> & {
  complete (given: never): object
  needs? (settings: never): StageNeeds
  makes? (settings: never): readonly Property[]
  breaks? (settings: never): readonly Property[]
}

export const STAGES = {
  prune,
  'fine-tune': fineTune,
  shrink,
  fold,
  'low-rank': lowRank,
  cluster,
  quantize,
} as const satisfies Record<string, AnyStage>

export type StageName = keyof typeof STAGES

/** A stage of a recipe, every default filled in. */
export type StageSettings = { readonly [Name in StageName]: { readonly stage: Name } & ReturnType<typeof STAGES[Name]['complete']> }[StageName]

/** Nobody chains more; each may train. */
const MAX_STAGES = 16

const variants = Object.entries<AnyStage>(STAGES).map(([name, { description, settings }]) =>
  Type.Object({ stage: Type.Literal(name), ...settings.properties }, { additionalProperties: false, description }))

/** As a person writes them; which settings a stage takes is told by its variant. */
export const StagesInput = Type.Unsafe<ReadonlyArray<{ readonly stage: string }>>(Type.Array(Type.Union(variants), { maxItems: MAX_STAGES, description: 'further steps, in their order, behind the method' }))

export function rulesOf (stage: StageName): StageRules {
  return STAGES[stage] as unknown as StageRules
}

/** Why stages look at data; the first of each kind. */
export function needsOfStages (stages: readonly StageSettings[]): StageNeeds {
  const all = stages.map((settings) => rulesOf(settings.stage).needs?.(settings) ?? {})
  const [trains, calibrates] = [all.find((needs) => needs.trains !== undefined)?.trains, all.find((needs) => needs.calibrates !== undefined)?.calibrates]
  return { ...(trains !== undefined && { trains }), ...(calibrates !== undefined && { calibrates }) }
}

/** The settings of the first stage that trains, which say how many examples select. */
export function trainingIn (stages: readonly StageSettings[]): Training | undefined {
  return stages.map((settings) => 'training' in settings ? settings.training as Training | null | undefined : undefined).find((training) => training != null)
}
