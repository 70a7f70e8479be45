/** What in a method or an output looks at data before anything is reported. */
import { EXPORTS, isExport, type ModelExport } from '../models/exports/index.ts'
import { CRITERIA, needsData } from './criteria/index.ts'
import { METHOD_RULES, type MethodRules } from './method-rules.ts'
import type { Recipe } from './recipe.ts'

type Parts = Pick<Recipe, 'method'> & Partial<Pick<Recipe, 'criterion' | 'scope' | 'batchNorm'>>

/** Why a recipe needs calibration data; undefined when it needs none. */
export function calibratesFor ({ method, criterion, scope, batchNorm }: Parts): string | undefined {
  const { keys, criteria }: MethodRules = METHOD_RULES[method]
  if (!keys.includes('calibration')) return undefined
  const name = criterion ?? criteria?.[0]
  if (name === undefined) return `the method ${method} looks at calibration data`
  if (needsData(CRITERIA[name])) return `the criterion ${name} looks at calibration data`
  if (scope === 'sensitivity') return 'the scope sensitivity looks at calibration data'
  if (batchNorm === 'recalibrate') return '"batchNorm": "recalibrate" looks at calibration data'
  return undefined
}

/** An output that is written by what calibration data show. */
export function calibratedOutput ({ output }: Partial<Pick<Recipe, 'output'>>): string | undefined {
  return output?.find((name) => isExport(name) && (EXPORTS[name] as ModelExport).calibrates === true)
}
