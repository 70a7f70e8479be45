/** Which parts of a recipe each method takes: one line per method, read by the validation, the documentation and the catalogue. */

/** What every method takes. */
const COMMON = ['method', 'evaluation', 'inputs', 'seed', 'stages'] as const

/** What every method that writes a model takes besides. */
const WRITING = [...COMMON, 'target', 'layers', 'granularity', 'output', 'compress', 'optimizerState'] as const

/** What every method that trains takes. */
const TRAINING = [...COMMON, 'training', 'output', 'compress'] as const

export interface MethodRules {
  readonly description: string
  /** Keys of the recipe. */
  readonly keys: readonly string[]
  /** The one kind of target it takes; null when it takes none. */
  readonly target: 'sparsity' | 'threshold' | null
  /** Does it change weights by gradient descent? Then it needs training examples. */
  readonly trains: boolean
}

export const METHOD_RULES = {
  magnitude: {
    description: 'zeroes the weights of least magnitude until the asked share of all prunable weights is zero',
    keys: [...WRITING, 'criterion', 'scope'],
    target: 'sparsity',
    trains: false,
  },
  threshold: {
    description: 'zeroes every prunable weight whose magnitude is at most the threshold',
    keys: WRITING,
    target: 'threshold',
    trains: false,
  },
  evaluate: {
    description: 'prunes nothing: metrics, latency and, when asked for, predictions of the model as it is',
    keys: COMMON,
    target: null,
    trains: false,
  },
  'fine-tune': {
    description: 'prunes nothing: trains the model further on the training examples; weights that are zero stay zero unless training.keepZeros is false',
    keys: TRAINING,
    target: null,
    trains: true,
  },
} as const satisfies Record<string, MethodRules>

export type MethodName = keyof typeof METHOD_RULES

/** Why a job of the method cannot run with the data sets it has; undefined when it can. */
export function missingData (method: MethodName, has: { readonly dataset: boolean, readonly evaluationDataset: boolean }): string | undefined {
  if (METHOD_RULES[method].trains && !has.dataset) return `the method ${method} needs a data set to train on: name one as "dataset"`
  if (method === 'evaluate' && !has.dataset && !has.evaluationDataset) return 'the method evaluate needs a data set: name one as "dataset"'
  return undefined
}

export const METHOD_NAMES = Object.keys(METHOD_RULES) as MethodName[]
