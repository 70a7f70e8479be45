/** What a stage tells of itself beside what all stages tell. */
import type { Receipt } from '../../api/types.ts'
import { figure } from '../../format/numbers.ts'
import { labelOf } from '../../format/words.ts'

export type StageRow = NonNullable<Receipt['stages']>[number] & { readonly place: number }

/** What has columns of its own. */
const COMMON = new Set(['stage', 'place', 'seconds', 'weights', 'zeros'])

/** Names and values of its plain figures, whatever stage it is; of a list how long it is, what is an object is left to the receipt. */
export function stageFigures (row: Readonly<Record<string, unknown>>): Array<[string, string]> {
  return Object.entries(row).flatMap(([key, value]): Array<[string, string]> => {
    if (COMMON.has(key)) return []
    const name = labelOf(key).toLowerCase()
    if (typeof value === 'number') return [[name, figure(value)]]
    if (typeof value === 'string') return [[name, value]]
    if (typeof value === 'boolean') return [[name, value ? 'yes' : 'no']]
    return Array.isArray(value) && value.length > 0 ? [[name, String(value.length)]] : []
  })
}
