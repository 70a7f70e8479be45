/** Which parts of a recipe each method takes: one line per method, read by the validation, the documentation and the catalogue. */

import { PLAIN_SCOPES, SCOPE_NAMES, type ScopeName } from './allocation/index.ts'
import { CRITERION_NAMES, type CriterionName } from './criteria/index.ts'
import type { GranularityName } from './granularity/index.ts'
import type { SparsityScheduleOptions } from './schedules/index.ts'
import type { TargetName } from './targets.ts'

/** What every method takes. */
const COMMON = ['method', 'evaluation', 'inputs', 'seed'] as const

/** What every method that writes a model takes besides. */
const WRITING = [...COMMON, 'stages', 'target', 'layers', 'granularity', 'output', 'compress', 'optimizerState', 'shrink'] as const

/** What every method that trains takes. */
const TRAINING = [...COMMON, 'stages', 'training', 'output', 'compress', 'shrink'] as const

/** What every method that prunes while it trains takes. */
const PRUNING_TRAINING = [...TRAINING, 'target', 'layers', 'granularity', 'scope', 'search'] as const

/** What methods take that prune a trained model to a size or an accuracy. */
const TO_TARGET = [...WRITING, 'scope', 'calibration', 'search', 'batchNorm'] as const

/** The same, along a schedule. */
const SCHEDULED = [...PRUNING_TRAINING, 'schedule'] as const

export interface MethodRules {
  readonly description: string
  /** Keys of the recipe. */
  readonly keys: readonly string[]
  /** The kinds of target it takes, the most usual first; none where it prunes nothing. */
  readonly targets: readonly TargetName[]
  /** Does it change weights by gradient descent? Then it needs training examples. */
  readonly trains: boolean
  /** What it can remove together, the default first; without: single weights. */
  readonly granularities?: readonly GranularityName[]
  /** Does n:m leave n of every group, and no group whole? */
  readonly everyGroup?: boolean
  /** Who may compete; without: scopes that go by the weights alone. */
  readonly scopes?: readonly ScopeName[]
  /** What it can rank weights by, the default first; without: it has a measure of its own. */
  readonly criteria?: readonly CriterionName[]
  /** Does it take channels out, so that the model written has other shapes than the one given? */
  readonly reshapes?: true
  /** Where it does better with other settings than the rest. */
  readonly defaults?: { readonly scope?: ScopeName, readonly schedule?: Partial<SparsityScheduleOptions> }
}

/** Scores that are gathered along the way say nothing at first. */
const AFTER_A_WHILE = { schedule: { begin: '5%' } } as const

/** Layers of their own densities from the first step on, rewired for most of the run. Source: Evci et al. 2020, section 4. */
const SPARSE_FROM_START = { scope: 'erk', schedule: { end: '75%' } } as const

/** What a sparsity can be found for without training. */
const REACHED: readonly TargetName[] = ['sparsity', 'params', 'macs', 'bytes', 'maxAccuracyDrop', 'minAccuracy']

/** What a sparsity can be found for by training anew. */
const TRAINED_TO: readonly TargetName[] = ['sparsity', 'maxAccuracyDrop', 'minAccuracy']

/** What methods take that take channels out. */
const CHANNELS_OUT = [...COMMON, 'stages', 'target', 'layers', 'output', 'compress', 'scope', 'search', 'criterion', 'options'] as const

/** Criteria that can score channels at once, the default first. */
const CHANNEL_CRITERIA: readonly CriterionName[] = ['group-l2', ...CRITERION_NAMES.filter((name) => name !== 'group-l2' && name !== 'synflow')]

const ANY: readonly GranularityName[] = ['weight', 'n:m', 'block', 'row', 'column', 'channel']

export const METHOD_RULES = {
  magnitude: {
    description: 'zeroes the weights of least magnitude until the asked share of all prunable weights is zero',
    keys: [...TO_TARGET, 'criterion'],
    targets: REACHED,
    scopes: SCOPE_NAMES,
    trains: false,
    granularities: ANY,
    criteria: ['magnitude', 'l2'],
  },
  'one-shot': {
    description: 'zeroes the weights that matter least by a criterion, which may look at calibration data, until the asked share is zero',
    keys: [...TO_TARGET, 'criterion', 'options'],
    targets: REACHED,
    scopes: SCOPE_NAMES,
    trains: false,
    granularities: ANY,
    criteria: CRITERION_NAMES,
  },
  sparsegpt: {
    description: 'zeroes weights layer by layer while those that stay make up for them, so that outputs over calibration data change least',
    keys: TO_TARGET,
    targets: REACHED,
    scopes: [...PLAIN_SCOPES, 'sensitivity'],
    trains: false,
    granularities: ['weight', 'n:m'],
    everyGroup: true,
    defaults: { scope: 'lamp' },
  },
  structured: {
    description: 'takes out the channels that matter least, with all that is coupled to them: the layers become smaller, and the model faster',
    keys: [...CHANNELS_OUT, 'calibration', 'batchNorm'],
    targets: ['channels', 'params', 'macs', 'peakMemory', 'bytes', 'latency', 'latencyMs', 'maxAccuracyDrop', 'minAccuracy'],
    scopes: ['global', 'layer'],
    trains: false,
    granularities: ['channel'],
    criteria: CHANNEL_CRITERIA,
    reshapes: true,
  },
  threshold: {
    description: 'zeroes every prunable weight whose magnitude is at most the threshold',
    keys: WRITING,
    targets: ['threshold'],
    trains: false,
  },
  evaluate: {
    description: 'prunes nothing: metrics, latency and, when asked for, predictions of the model as it is',
    keys: COMMON,
    targets: [],
    trains: false,
  },
  gradual: {
    description: 'trains while the weights of least magnitude go along a schedule',
    keys: [...SCHEDULED, 'criterion'], targets: TRAINED_TO, trains: true, granularities: ANY, criteria: ['magnitude'],
  },
  surgery: {
    description: 'trains all weights while a mask hides those below a threshold; hidden weights keep learning and come back when they grow',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY,
  },
  sensitivity: {
    description: 'trains while the weights to which the loss is least sensitive go along a schedule',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY, defaults: AFTER_A_WHILE,
  },
  movement: {
    description: 'trains a score for every weight along with it: weights that move towards zero go',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY, defaults: AFTER_A_WHILE,
  },
  l1: {
    description: 'trains with a penalty on the size of weights that rises until enough of them are zero',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY,
  },
  l0: {
    description: 'trains a random gate for every weight or channel with a penalty on the number of open gates',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ['weight', 'channel', 'block', 'row', 'column'],
  },
  variational: {
    description: 'trains a variance for every weight: those that are mostly noise go',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ['weight'],
  },
  'group-lasso': {
    description: 'trains with a penalty on the norm of channels, blocks, rows or columns until enough of them are zero',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ['channel', 'block', 'row', 'column'],
  },
  slimming: {
    description: 'trains with a penalty on the scales of batch normalisation: channels whose scale is least go',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ['channel'],
  },
  rigl: {
    description: 'trains a sparse model from the first step on: the least weights are replaced by those with the largest gradients',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY, defaults: SPARSE_FROM_START,
  },
  set: {
    description: 'trains a sparse model from the first step on: the least weights are replaced by random ones',
    keys: [...SCHEDULED, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY, defaults: SPARSE_FROM_START,
  },
  lottery: {
    description: 'rounds of training, pruning and rewinding what is left to early weights',
    keys: [...PRUNING_TRAINING, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY,
  },
  iterative: {
    description: 'rounds of pruning and retraining',
    keys: [...PRUNING_TRAINING, 'options'], targets: TRAINED_TO, trains: true, granularities: ANY,
  },
  'structured-iterative': {
    description: 'rounds of taking out the channels that matter least and of training what is left',
    keys: [...CHANNELS_OUT, 'training', 'calibration', 'batchNorm'],
    targets: ['channels', 'params', 'macs', 'peakMemory', 'latency', 'latencyMs', 'maxAccuracyDrop', 'minAccuracy'],
    scopes: ['global', 'layer'],
    trains: true,
    granularities: ['channel'],
    criteria: CHANNEL_CRITERIA,
    reshapes: true,
  },
  'fine-tune': {
    description: 'prunes nothing: trains the model further on the training examples; weights that are zero stay zero unless training.keepZeros is false',
    keys: TRAINING,
    targets: [],
    trains: true,
  },
  chain: {
    description: 'does nothing by itself: its stages are run one after the other',
    keys: [...COMMON, 'stages', 'output', 'compress', 'optimizerState'],
    targets: [],
    trains: false,
  },
} as const satisfies Record<string, MethodRules>

export type PruningTrainingMethod = { [Name in keyof typeof METHOD_RULES]: typeof METHOD_RULES[Name] extends { readonly reshapes: true } ? never : typeof METHOD_RULES[Name] extends { readonly granularities: unknown, readonly trains: true } ? Name : never }[keyof typeof METHOD_RULES]

export type MethodName = keyof typeof METHOD_RULES

export const METHOD_NAMES = Object.keys(METHOD_RULES) as MethodName[]

/** Methods that prune, so that they may be a stage. */
export const PRUNING_METHODS = METHOD_NAMES.filter((name) => (METHOD_RULES[name] as MethodRules).targets.length > 0)
