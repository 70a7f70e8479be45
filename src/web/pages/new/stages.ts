/** The stages of a recipe while it is put together. */
import { isRecord } from '../../format/recipe.ts'
import { withKey, type Draft } from './draft.ts'

export type Stage = Readonly<Record<string, unknown>>

/** What a stage begins with where it cannot do without. */
const FIRST: Readonly<Record<string, Stage>> = { prune: { method: 'magnitude', target: { sparsity: 0.9 } } }

/** What is no stage is nothing here; the text of the recipe has it. */
export function stagesOf (draft: Draft): readonly Stage[] {
  return Array.isArray(draft['stages']) ? (draft['stages'] as unknown[]).filter(isRecord) : []
}

export function withStages (draft: Draft, stages: readonly Stage[]): Draft {
  return withKey(draft, 'stages', stages)
}

export function added (stages: readonly Stage[], name: string): readonly Stage[] {
  return [...stages, { stage: name, ...FIRST[name] }]
}

/** `to` outside of the list changes nothing. */
export function moved (stages: readonly Stage[], from: number, to: number): readonly Stage[] {
  const stage = stages[from]
  if (stage === undefined || to < 0 || to >= stages.length) return stages
  return stages.filter((_, place) => place !== from).toSpliced(to, 0, stage)
}

/** Its settings, without its name, as text. */
export function settingsText ({ stage: _name, ...settings }: Stage): string {
  return JSON.stringify(settings, null, 2)
}

/** @throws Error that says what is wrong */
export function stageOfText (name: unknown, text: string): Stage {
  const settings: unknown = text.trim() === '' ? {} : JSON.parse(text)
  if (!isRecord(settings)) throw new Error('Settings are an object with keys')
  return { ...settings, stage: name }
}
