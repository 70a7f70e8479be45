/** Which initialiser each weight of a layer has: by the layer's settings, or where these tell none by Keras' defaults. */
import { serialisedOf } from '../keras-object.ts'
import type { KerasConfig } from '../layers/layer-type.ts'
import { WITH_PROJECTIONS } from '../layers/weight-rules.ts'
import { roleEnd, weightSettingsOf } from '../layers/weight-settings.ts'

/** An initialiser by its name in the settings, not yet looked up: a model with one that we do not know can still be run. */
export interface InitializerSetting {
  readonly name: string
  readonly config: KerasConfig
  /** `forget-bias`: an LSTM's bias, whose second quarter begins with ones. `square-root`: of what the initialiser gives. */
  readonly but?: 'forget-bias' | 'square-root'
  /** Fans are counted along the input and output axes of the weight, wherever these are. */
  readonly byAxes?: true
}

/** By role; weights that have none are left out: they are measured (the statistics of Normalization) and not drawn. */
export type InitializerSettings = Readonly<Record<string, InitializerSetting>>

/** By the beginning of the settings. */
const DEFAULTS: Readonly<Record<string, string>> = {
  kernel: 'glorot_uniform',
  recurrent: 'orthogonal',
  depthwise: 'glorot_uniform',
  pointwise: 'glorot_uniform',
  bias: 'zeros',
  gamma: 'ones',
  beta: 'zeros',
  moving_mean: 'zeros',
  moving_variance: 'ones',
  embeddings: 'uniform',
  alpha: 'zeros',
}

/** Of weights without settings, by the end of their role. */
const FIXED: Readonly<Record<string, string>> = { scale: 'ones', concat_score_weight: 'ones' }

/** Where a batch normalisation with renorm takes its further statistics from. Source: keras BatchNormalization.build. */
const RENORM: Readonly<Record<string, Pick<InitializerSetting, 'but'> & { readonly of: string }>> = {
  moving_stddev: { of: 'moving_variance', but: 'square-root' },
  renorm_mean: { of: 'moving_mean' },
  renorm_stddev: { of: 'moving_variance', but: 'square-root' },
}

/** Layers that are products by an equation: Keras counts the fans of their kernels along the axes of the equation. Source: keras EinsumDense.build. */
const BY_EQUATION: ReadonlySet<string> = new Set(['EinsumDense', ...WITH_PROJECTIONS])

/** What Keras' `add_weight` takes where a layer gives it no initialiser. */
const OF_NULL = 'glorot_uniform'

/** The initialisers of a layer's weights, as Keras 2, Keras 3 or TF.js write them; those of layers and cells within another are their own. Never throws. */
export function initializersOf (className: string, config: KerasConfig, roles: readonly string[]): InitializerSettings {
  const found = roles.map((role): [string, InitializerSetting | undefined] => [role, initializerOf(className, config, role)])
  return Object.fromEntries(found.filter((entry): entry is [string, InitializerSetting] => entry[1] !== undefined))
}

function initializerOf (className: string, config: KerasConfig, role: string): InitializerSetting | undefined {
  const end = roleEnd(role)
  if (Object.hasOwn(RENORM, end)) {
    const { of, ...but } = RENORM[end]!
    return { ...initializerOf(className, config, of)!, ...but }
  }
  const { begins, className: owner, config: settings } = weightSettingsOf({ className, config }, role)
  if (begins === undefined) {
    if (!Object.hasOwn(FIXED, end)) return undefined
    return { name: owner === 'AdditiveAttention' ? OF_NULL : FIXED[end]!, config: {} }
  }
  const value = settings[`${begins}_initializer`]
  const given = value === undefined ? DEFAULTS[begins]! : value ?? OF_NULL
  const setting = serialisedOf(given) ?? { name: JSON.stringify(given), config: {} }
  const forgets = begins === 'bias' && (owner === 'LSTM' || owner === 'LSTMCell') && settings.unit_forget_bias !== false
  return { ...setting, ...(forgets && { but: 'forget-bias' }), ...(begins === 'kernel' && BY_EQUATION.has(owner) && { byAxes: true }) }
}
