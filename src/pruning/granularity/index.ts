/** The table of granularities: one line each. */
import { Type, type Static } from 'typebox'
import { problemsOf, type CheckedSchema, type Problem } from '../validate.ts'
import { block } from './block.ts'
import { channel } from './channel.ts'
import { column } from './column.ts'
import type { Granularity, GroupedTensor, Grouping, Refusal } from './granularity.ts'
import { nm } from './nm.ts'
import { row } from './row.ts'
import { weight } from './weight.ts'

export const GRANULARITIES = { weight, 'n:m': nm, block, row, column, channel } as const satisfies Record<string, Granularity<never>>

export type GranularityName = keyof typeof GRANULARITIES
export const GRANULARITY_NAMES = Object.keys(GRANULARITIES) as GranularityName[]

/** A granularity with its settings. */
export type GranularityOptions = { [Name in GranularityName]: Static<typeof GRANULARITIES[Name]['input']> }[GranularityName]

/** As a recipe has it. */
export const GranularityInput = Type.Unsafe<GranularityOptions>(Type.Union(Object.values(GRANULARITIES).map(({ input }) => input), { description: 'what is removed together' }))

/** What is wrong with settings that are right one by one. `input` is of any form: what the schema finds is not found again. */
export function problemsOfGranularity (input: unknown, path: string): Problem[] {
  if (problemsOf(GranularityInput as unknown as CheckedSchema, input, path).length > 0) return []
  const options = input as GranularityOptions
  return tableEntry(options).problems?.(options, path) ?? []
}

/** The groups of a tensor; null when every element is one of its own, and the reason when it cannot be pruned this way. */
export function groupingOf (tensor: GroupedTensor, options: GranularityOptions): Grouping | null | Refusal {
  return tableEntry(options).group(tensor, options)
}

function tableEntry ({ type }: GranularityOptions): Granularity<GranularityOptions> {
  return GRANULARITIES[type] as Granularity<GranularityOptions>
}

export type { Granularity, GroupedTensor, Grouping, Refusal } from './granularity.ts'
