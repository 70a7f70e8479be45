/** Which parts of a recipe each method takes: one line per method, read by the validation, the documentation and the catalogue. */

/** What every method takes. */
const COMMON = ['method', 'evaluation', 'inputs', 'seed', 'stages'] as const

/** What every method that writes a model takes besides. */
const WRITING = [...COMMON, 'target', 'layers', 'granularity', 'output', 'compress', 'optimizerState'] as const

export interface MethodRules {
  readonly description: string
  /** Keys of the recipe. */
  readonly keys: readonly string[]
  /** The one kind of target it takes; null when it takes none. */
  readonly target: 'sparsity' | 'threshold' | null
}

export const METHOD_RULES = {
  magnitude: {
    description: 'zeroes the weights of least magnitude until the asked share of all prunable weights is zero',
    keys: [...WRITING, 'criterion', 'scope'],
    target: 'sparsity',
  },
  threshold: {
    description: 'zeroes every prunable weight whose magnitude is at most the threshold',
    keys: WRITING,
    target: 'threshold',
  },
  evaluate: {
    description: 'prunes nothing: metrics, latency and, when asked for, predictions of the model as it is',
    keys: COMMON,
    target: null,
  },
} as const satisfies Record<string, MethodRules>

export type MethodName = keyof typeof METHOD_RULES
export const METHOD_NAMES = Object.keys(METHOD_RULES) as MethodName[]
