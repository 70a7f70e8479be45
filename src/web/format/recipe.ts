/** What a recipe asks for, in a few words. */
import type { Recipe } from '../../pruning/recipe.ts'
import type { Target } from '../../pruning/targets.ts'
import { bytes, count, figure, percent, short } from './numbers.ts'

/** Recipes come out of the API complete. */
export function recipeOf (recipe: unknown): Recipe {
  return recipe as Recipe
}

export function targetText (target: Target | null | undefined): string {
  if (target === null || target === undefined) return 'no target'
  if ('sparsity' in target) return `${percent(target.sparsity, 2)} sparsity`
  if ('threshold' in target) return `|w| ≤ ${figure(target.threshold)}${target.unit === 'std' ? ' σ' : ''}`
  if ('channels' in target) return `${percent(target.channels)} of channels out`
  if ('params' in target) return `${target.params < 1 ? percent(target.params) : short(target.params)} of parameters`
  if ('macs' in target) return `${target.macs < 1 ? percent(target.macs) : short(target.macs)} of MACs`
  if ('peakMemory' in target) return `${target.peakMemory < 1 ? percent(target.peakMemory) : bytes(target.peakMemory)} of activations at once`
  if ('bytes' in target) return `${bytes(target.bytes)} (${target.as})`
  if ('latency' in target) return `${percent(target.latency)} of the time`
  if ('latencyMs' in target) return `${figure(target.latencyMs)} ms`
  if ('maxAccuracyDrop' in target) return `at most ${figure(target.maxAccuracyDrop * 100, 2)} points of accuracy lost`
  return `accuracy of at least ${percent(target.minAccuracy)}`
}

/** What is pruned: weights, 2:4, blocks, channels. */
function granularityText ({ granularity }: Recipe): string {
  if (granularity === undefined || granularity.type === 'weight') return 'single weights'
  if (granularity.type === 'n:m') return `${granularity.n} of ${granularity.m}`
  if (granularity.type === 'block') return `blocks of ${granularity.rows} × ${granularity.columns}`
  return `${granularity.type}s`
}

/** gradual, 90 % sparsity; magnitude, 50 % sparsity, 2 of 4. */
export function recipeText (recipe: Recipe): string {
  const { method, target, granularity } = recipe
  // Methods that take channels out say so by their names.
  const units = granularity === undefined || granularity.type === 'weight' || method.startsWith('structured') ? [] : [granularityText(recipe)]
  return [method, ...(target === null || target === undefined ? [] : [targetText(target)]), ...units].join(', ')
}

export function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** How many values are told. */
export function countOf (things: number, one: string, many = `${one}s`): string {
  return `${count(things)} ${things === 1 ? one : many}`
}
