/** Targets in the words of people. */
import type { Target } from '../../../pruning/targets.ts'
import { targetText } from '../../format/recipe.ts'

export const KIND_WORDS: Readonly<Record<string, string>> = {
  sparsity: 'Sparsity', threshold: 'Threshold', channels: 'Channels out', params: 'Parameters left', macs: 'Multiplications left', bytes: 'File size in bytes',
  peakMemory: 'Memory of activations left',
  latency: 'Share of the time', latencyMs: 'Milliseconds', maxAccuracyDrop: 'Accuracy lost at most', minAccuracy: 'Accuracy kept at least',
}

/** "90 % sparsity"; undefined while it is no number. */
export function readable (kind: string, value: unknown): string | undefined {
  return typeof value === 'number' ? targetText({ [kind]: value, ...(kind === 'bytes' && { as: 'gzip' }) } as unknown as Target) : undefined
}

/** The numbers in a text like "0.5, 0.9"; a sentence when they are none. */
export function valuesOf (text: string): number[] | string {
  const parts = text.split(/[\s,;]+/).filter((part) => part !== '')
  const values = parts.map(Number)
  const bad = parts.find((_, place) => !Number.isFinite(values[place]))
  if (bad !== undefined) return `"${bad}" is not a number`
  if (values.length < 2) return 'A sweep has two values at least'
  const twice = values.find((value, place) => values.indexOf(value) !== place)
  return twice === undefined ? values : `${twice} is there twice`
}
