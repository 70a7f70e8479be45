/** The names that training takes in a recipe, and their defaults. The engine has a table for each kind; a test compares the two. */

export const LOSS_NAMES = [
  'auto', 'categorical-crossentropy', 'sparse-categorical-crossentropy', 'binary-crossentropy', 'mean-squared-error', 'mean-absolute-error',
  'mean-absolute-percentage-error', 'mean-squared-logarithmic-error', 'huber', 'log-cosh', 'hinge', 'squared-hinge', 'kl-divergence', 'poisson',
  'categorical-focal-crossentropy', 'binary-focal-crossentropy', 'categorical-hinge', 'cosine-similarity', 'dice', 'tversky',
] as const

export const TRAIN_METRIC_NAMES = [
  'accuracy', 'top5', 'exactMatch', 'precision', 'recall', 'auc', 'meanIoU', 'mse', 'rmse', 'mae', 'cosineSimilarity', 'r2',
] as const

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false } as const

/** What an optimizer has unless it is told. Source: the defaults of keras.optimizers.*. */
export const OPTIMIZER_DEFAULTS = {
  sgd: { learningRate: 0.01, weightDecay: 0, momentum: 0, nesterov: false },
  adam: { learningRate: 0.001, weightDecay: 0, ...ADAM },
  adamw: { learningRate: 0.001, weightDecay: 0.004, ...ADAM },
  rmsprop: { learningRate: 0.001, weightDecay: 0, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false },
  adagrad: { learningRate: 0.001, weightDecay: 0, initialAccumulator: 0.1, epsilon: 1e-7 },
} as const

export const OPTIMIZER_NAMES = Object.keys(OPTIMIZER_DEFAULTS) as Array<keyof typeof OPTIMIZER_DEFAULTS>

/** What a schedule has unless it is told; other settings must be given. Source: the defaults of keras.optimizers.schedules.*. */
export const SCHEDULE_DEFAULTS = {
  constant: {},
  exponential: { staircase: false },
  polynomial: { end: 0.0001, power: 1, cycle: false },
  'inverse-time': { staircase: false },
  piecewise: {},
  cosine: { alpha: 0, warmupSteps: 0, warmupTarget: null },
  'cosine-restarts': { tMul: 2, mMul: 1, alpha: 0 },
} as const

export const SCHEDULE_NAMES = Object.keys(SCHEDULE_DEFAULTS) as Array<keyof typeof SCHEDULE_DEFAULTS>
