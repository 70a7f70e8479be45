/** The layers that TF.js layers 4 has, and the settings under which they do the same as in Keras: one line each. */
import type { Json } from '../json.ts'

export interface TfjsLayerRule {
  /** What of the settings TF.js cannot do; undefined when all is well. */
  readonly problem?: (config: Json) => string | undefined
  /** Settings under other names. */
  readonly adapt?: (config: Json) => Json
}

type Problem = NonNullable<TfjsLayerRule['problem']>

/** The setting must have this value, or be absent. */
function only (key: string, ...values: unknown[]): Problem {
  return (config) => {
    const value = config[key]
    const isFine = value === undefined || value === null || values.some((one) => one === value || (Array.isArray(value) && value.every((item) => item === one)))
    return isFine ? undefined : `it has ${key} ${JSON.stringify(value)}, TF.js does only ${values.map((one) => JSON.stringify(one)).join(' or ')}`
  }
}

const rule = (...problems: Problem[]): TfjsLayerRule => ({
  problem: (config) => {
    for (const problem of problems) {
      const found = problem(config)
      if (found !== undefined) return found
    }
    return undefined
  },
})

const plain: TfjsLayerRule = {}
const channelsLast = only('data_format', 'channels_last')
const globalPooling = rule(only('keepdims', false))

const RULES = {
  InputLayer: plain,
  Dense: plain,
  Embedding: plain,
  Conv1D: rule(only('groups', 1), channelsLast),
  Conv2D: rule(only('groups', 1)),
  Conv3D: rule(only('groups', 1), only('dilation_rate', 1)),
  Conv2DTranspose: rule(only('dilation_rate', 1), only('output_padding')),
  Conv3DTranspose: rule(only('dilation_rate', 1), only('output_padding')),
  DepthwiseConv2D: plain,
  SeparableConv2D: plain,
  BatchNormalization: rule(only('renorm', false)),
  LayerNormalization: rule(only('rms_scaling', false)),
  Activation: plain,
  ReLU: rule(only('negative_slope', 0), only('threshold', 0)),
  LeakyReLU: { adapt: ({ negative_slope: slope, ...rest }) => slope === undefined ? rest : { ...rest, alpha: slope } },
  PReLU: plain,
  ELU: rule(only('alpha', 1)),
  Softmax: plain,
  MaxPooling1D: rule(channelsLast),
  AveragePooling1D: rule(channelsLast),
  MaxPooling2D: plain,
  AveragePooling2D: plain,
  MaxPooling3D: plain,
  AveragePooling3D: plain,
  GlobalAveragePooling1D: rule(only('keepdims', false), channelsLast),
  GlobalMaxPooling1D: rule(only('keepdims', false), channelsLast),
  GlobalAveragePooling2D: globalPooling,
  GlobalMaxPooling2D: globalPooling,
  Add: plain,
  Multiply: plain,
  Average: plain,
  Maximum: plain,
  Minimum: plain,
  Concatenate: plain,
  Dot: plain,
  Flatten: rule(channelsLast),
  Reshape: plain,
  Permute: plain,
  RepeatVector: plain,
  Cropping2D: plain,
  ZeroPadding2D: plain,
  // Its other ways of interpolation place the pixels elsewhere.
  UpSampling2D: rule(only('interpolation', 'nearest')),
  Rescaling: rule((config) => typeof config.scale === 'number' ? undefined : 'its scale is no single number'),
  Dropout: plain,
  SpatialDropout1D: plain,
  GaussianNoise: plain,
  GaussianDropout: plain,
  AlphaDropout: plain,
} as const satisfies Record<string, TfjsLayerRule>

export function tfjsLayerRule (className: string): TfjsLayerRule | undefined {
  return Object.hasOwn(RULES, className) ? RULES[className as keyof typeof RULES] : undefined
}
