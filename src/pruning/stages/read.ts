/** Reads the stages of a recipe: what each is told, and whether one would undo what another did. */
import type { Problem } from '../validate.ts'
import { isObject } from '../validate.ts'
import { rulesOf, STAGES, type StageName, type StageSettings } from './index.ts'
import type { Property, StageRules } from './stage.ts'

const WORDS: Readonly<Record<Property, string>> = { grid: 'off the grid that they were quantized to', clusters: 'out of their clusters' }

/** Problems of stages that fit their schemas; `found`: of those that do not. */
export function problemsOfStages (stages: unknown, found: readonly Problem[]): Problem[] {
  if (!Array.isArray(stages) || found.some(({ path }) => path === '/stages')) return []
  const fits = (path: string): boolean => !found.some((problem) => problem.path === path || problem.path.startsWith(`${path}/`))
  const own = stages.flatMap((stage, index) => {
    const path = `/stages/${index}`
    return isStage(stage) && fits(path) ? rulesOf(stage.stage).problems?.(settingsIn(stage), path) ?? [] : []
  })
  return own.length > 0 || stages.some((stage, index) => !isStage(stage) || !fits(`/stages/${index}`)) ? own : problemsOfOrder(completeStages(stages))
}

/** Every default filled in, of stages without problems. */
export function completeStages (stages: readonly unknown[]): StageSettings[] {
  return stages.filter(isStage).map((given) => ({ stage: given.stage, ...(rulesOf(given.stage).complete as (settings: unknown) => object)(settingsIn(given)) }) as StageSettings)
}

function isStage (stage: unknown): stage is { readonly stage: StageName } {
  return isObject(stage) && typeof stage.stage === 'string' && Object.hasOwn(STAGES, stage.stage)
}

function settingsIn ({ stage: _, ...settings }: Record<string, unknown>): Record<string, unknown> {
  return settings
}

function problemsOfOrder (stages: readonly StageSettings[]): Problem[] {
  return stages.flatMap((stage, index) => {
    const breaks = (rulesOf(stage.stage) as StageRules<StageSettings>).breaks?.(stage) ?? []
    for (const before of stages.slice(0, index)) {
      const lost = (rulesOf(before.stage) as StageRules<StageSettings>).makes?.(before).find((property) => breaks.includes(property))
      if (lost !== undefined) return [{ path: `/stages/${index}`, message: `takes weights ${WORDS[lost]}: put ${stage.stage} before ${before.stage}` }]
    }
    return []
  })
}
