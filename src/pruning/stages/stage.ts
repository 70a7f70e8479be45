/** What a stage of a chain is, as a recipe and a receipt know it. */
import type { TObject } from 'typebox'
import type { Problem } from '../validate.ts'

/** What a stage gives the weights that later ones can take from them: values on a grid, or few distinct values. */
export type Property = 'grid' | 'clusters'

/** Why a stage looks at data, as part of a sentence; what is absent it does not do. */
export interface StageNeeds { readonly trains?: string, readonly calibrates?: string }

export interface StageRules<Settings = unknown, Given = never> {
  readonly description: string
  /** Without the key `stage`. */
  readonly settings: TObject
  /** Every default filled in, of settings that fit the schema. */
  complete (given: Given): Settings
  /** What no schema says; paths begin with `path`. */
  problems? (given: Record<string, unknown>, path: string): Problem[]
  needs? (settings: Settings): StageNeeds
  makes? (settings: Settings): readonly Property[]
  /** What an earlier stage made and this one does away with: such an order is refused. */
  breaks? (settings: Settings): readonly Property[]
  /** Its part of the receipt, besides what all stages tell. */
  readonly record: TObject
}
