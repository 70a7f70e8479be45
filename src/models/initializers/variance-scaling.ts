/** Initialisers whose spread comes from the numbers of inputs and outputs. Source: keras.initializers.VarianceScaling and those made of it. */
import { plainName } from '../keras-object.ts'
import type { ConfigReader } from '../layers/reader.ts'
import { sizeOf, type Shape } from '../tensor.ts'
import { normal, truncatedNormal, uniform } from './draws.ts'
import type { Initializer, Random, Target } from './initializer.ts'

const MODES = ['fan_in', 'fan_out', 'fan_avg'] as const
const DISTRIBUTIONS = ['uniform', 'truncated_normal', 'untruncated_normal', 'normal'] as const

type Mode = typeof MODES[number]
type Distribution = typeof DISTRIBUTIONS[number]

/** The deviation of a standard normal distribution that is cut at 2 and -2. */
const TRUNCATED_DEVIATION = 0.87962566103423978

export interface Fans { readonly fanIn: number, readonly fanOut: number }

/**
 * Inputs of an output and outputs of an input, as Keras counts them: the last two axes are inputs and outputs, all before are kernel positions. So
 * it counts for depthwise and transposed kernels too, whose axes mean something else.
 */
export function fansOf (shape: Shape): Fans {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 }
  const positions = sizeOf(shape.slice(0, -2))
  return { fanIn: positions * shape.at(-2)!, fanOut: positions * shape.at(-1)! }
}

/** Values of variance scale / n, n being the fan (or the mean of both). */
function scaled (shape: Shape, fans: Fans, scale: number, mode: Mode, distribution: Distribution, random: Random): Float32Array {
  const n = { fan_in: fans.fanIn, fan_out: fans.fanOut, fan_avg: (fans.fanIn + fans.fanOut) / 2 }[mode]
  const [size, variance] = [sizeOf(shape), scale / Math.max(1, n)]
  switch (distribution) {
    case 'uniform': return uniform(size, -Math.sqrt(3 * variance), Math.sqrt(3 * variance), random)
    case 'untruncated_normal': return normal(size, 0, Math.sqrt(variance), random)
    default: return truncatedNormal(size, 0, Math.sqrt(variance) / TRUNCATED_DEVIATION, random)
  }
}

/** Source of `glorot`: Glorot and Bengio 2010, of `he`: He et al. 2015, of `lecun`: LeCun et al. 1998. */
export function fixedScaling (scale: number, mode: Mode, distribution: 'uniform' | 'truncated_normal'): Initializer {
  return (settings, target, random) => scaled(target.shape, givenFans(settings, target), scale, mode, distribution, random)
}

export const varianceScaling: Initializer = (settings, target, random) => {
  const scale = settings.number('scale', 1)
  if (scale <= 0) throw settings.wrong('scale', 'above 0')
  return scaled(target.shape, givenFans(settings, target), scale, word(settings, 'mode', MODES, 'fan_in'), word(settings, 'distribution', DISTRIBUTIONS, 'truncated_normal'), random)
}

/** By the axes that the settings name, where they name both kinds; else by those of the weight; else by its last axes. */
function givenFans (settings: ConfigReader, { shape, axes }: Target): Fans {
  if (settings.value('input_axes') === undefined || settings.value('output_axes') === undefined) return axes === undefined ? fansOf(shape) : fansAlong(shape, axes)
  const named = (key: string) => {
    const list = settings.axes(key)
    if (list.some((axis) => shape.at(axis) === undefined)) throw settings.wrong(key, `axes of the shape [${shape.join(', ')}]`)
    return list
  }
  return fansAlong(shape, { input: named('input_axes'), output: named('output_axes') })
}

function fansAlong (shape: Shape, { input, output }: NonNullable<Target['axes']>): Fans {
  const fan = (axes: readonly number[]) => sizeOf(axes.map((axis) => shape.at(axis)!))
  return { fanIn: fan(input), fanOut: fan(output) }
}

/** One of `words` in any spelling: TF.js has `fanIn` and `truncatedNormal`. */
function word<Word extends string> (settings: ConfigReader, key: string, words: readonly Word[], fallback: Word): Word {
  const value = settings.value(key) ?? fallback
  const found = words.find((one) => typeof value === 'string' && plainName(one) === plainName(value))
  if (found === undefined) throw settings.wrong(key, `one of ${words.join(', ')}`)
  return found
}
