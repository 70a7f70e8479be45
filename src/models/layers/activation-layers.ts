/** Layers that are an activation function. */
import type { SymbolicShape } from '../tensor.ts'
import { eluOf, leakyReluOf, parseActivation, reluOf, softmaxOf, type Activation } from './activations.ts'
import { layerType, type LayerType } from './layer-type.ts'
import { ConfigReader } from './reader.ts'
import { frontAxis, knownSize, misfit, onlyInput, shapeText } from './shapes.ts'
import { kept } from './weights.ts'

export interface ActivationConfig { readonly activation: Activation }
export interface PReLUConfig { readonly sharedAxes: readonly number[] }

const PARSERS = {
  Activation: parseActivation, ReLU: reluOf, LeakyReLU: leakyReluOf, ELU: eluOf, Softmax: softmaxOf,
} as const

export function activationLayer (className: keyof typeof PARSERS): LayerType<ActivationConfig> {
  return layerType({
    classNames: [className],
    parse: (config, where) => ({ activation: PARSERS[className](config, where) }),
    outputShape: (c, shapes) => activatedShape(c.activation, onlyInput(shapes)),
  })
}

/** Alpha has the shape of one example, with size 1 on the shared axes (counted from 1). */
export const prelu: LayerType<PReLUConfig> = layerType({
  classNames: ['PReLU'],
  parse (config, where) {
    const reader = new ConfigReader(config, where)
    return { sharedAxes: reader.value('shared_axes') === undefined ? [] : reader.axes('shared_axes') }
  },
  weights (c, shapes) {
    const shape = onlyInput(shapes)
    const shared = new Set(c.sharedAxes.map((axis) => frontAxis(axis, shape.length)))
    return [kept('alpha', shape.slice(1).map((_, index) => shared.has(index + 1) ? 1 : knownSize(shape, index + 1)), 'slope')]
  },
  outputShape: (_, shapes) => onlyInput(shapes),
})

function activatedShape (activation: Activation, shape: SymbolicShape): SymbolicShape {
  if ('axes' in activation) for (const axis of activation.axes) frontAxis(axis, shape.length)
  if (activation.name !== 'glu') return shape
  const size = shape.at(-1) ?? null
  if (size !== null && size % 2 !== 0) throw misfit(`glu needs an even last axis, its input is ${shapeText(shape)}`)
  return [...shape.slice(0, -1), size === null ? null : size / 2]
}
