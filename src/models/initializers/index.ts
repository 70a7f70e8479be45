/** The table of initialisers: one line each; and the values that a weight begins with. */
import { EspalierError } from '../../errors.ts'
import { plainName } from '../keras-object.ts'
import { ConfigReader } from '../layers/reader.ts'
import type { LayerWeight, ModelLayer } from '../model.ts'
import type { Shape } from '../tensor.ts'
import { constant, identity, ones, zeros } from './constant.ts'
import type { Initializer, Random } from './initializer.ts'
import { orthogonal } from './orthogonal.ts'
import { randomNormal, randomUniform, truncated } from './random.ts'
import { fixedScaling, varianceScaling } from './variance-scaling.ts'

export type { Random } from './initializer.ts'

/** By the plain form of Keras' names and of their aliases. */
export const INITIALIZERS = {
  zeros,
  zero: zeros,
  ones,
  one: ones,
  constant,
  identity,
  randomuniform: randomUniform,
  uniform: randomUniform,
  randomnormal: randomNormal,
  normal: randomNormal,
  truncatednormal: truncated,
  variancescaling: varianceScaling,
  glorotuniform: fixedScaling(1, 'fan_avg', 'uniform'),
  glorotnormal: fixedScaling(1, 'fan_avg', 'truncated_normal'),
  heuniform: fixedScaling(2, 'fan_in', 'uniform'),
  henormal: fixedScaling(2, 'fan_in', 'truncated_normal'),
  lecununiform: fixedScaling(1, 'fan_in', 'uniform'),
  lecunnormal: fixedScaling(1, 'fan_in', 'truncated_normal'),
  orthogonal,
} as const satisfies Record<string, Initializer>

/** A name is quoted in a message up to this length. */
const QUOTED = 60

/** An LSTM's gates are input, forget, cell and output. */
const LSTM_GATES = 4

/**
 * New values for a weight, row-major float32, as its layer's settings say; the seeds among them are not used. Undefined for weights that are not drawn
 * and stay as they are: statistics of a Normalization, the states of seed generators. Throws `unsupported-layer` naming layer and initialiser for
 * layers and initialisers that we do not know, `invalid-model` for malformed settings.
 */
export function initialValues ({ path, className, layer }: ModelLayer, { role, spec, tensor }: LayerWeight, random: Random): Float32Array | undefined {
  if (spec === undefined) {
    throw new EspalierError('unsupported-layer', `layer "${path}": how ${role} of a layer of type ${className} begins is not known here`, { layer: path, weight: role })
  }
  const setting = layer.initializers?.[role]
  if (setting === undefined) return undefined
  const plain = plainName(setting.name).replace(/initializer$/, '')
  if (!Object.hasOwn(INITIALIZERS, plain)) {
    throw new EspalierError('unsupported-layer', `layer "${path}" (${className}): the initializer ${setting.name.slice(0, QUOTED)} of its ${role} is not known here`, { layer: path, weight: role })
  }
  const initializer: Initializer = INITIALIZERS[plain as keyof typeof INITIALIZERS]
  const reader = new ConfigReader(setting.config, { path: `${path}/${role}`, className: setting.name, keras: 3 })
  const draw = (shape: Shape) => initializer(reader, { shape, ...(setting.byAxes && { axes: spec.axes }) }, random)
  switch (setting.but) {
    case 'forget-bias': return withForgetBias(tensor.shape, draw)
    case 'square-root': return draw(tensor.shape).map(Math.sqrt)
    case undefined: return draw(tensor.shape)
  }
}

/** Each part is drawn on its own, as Keras does: fans are those of the part. */
function withForgetBias ([size = 0]: Shape, draw: (shape: Shape) => Float32Array): Float32Array {
  const units = size / LSTM_GATES
  const values = new Float32Array(size).fill(1)
  values.set(draw([units]), 0)
  values.set(draw([2 * units]), 2 * units)
  return values
}
