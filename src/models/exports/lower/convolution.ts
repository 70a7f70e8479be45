/** Lowers convolutions: plain, grouped, depthwise, separable and transposed, over one, two and three axes. */
import { spreadSizes, type ConvolutionConfig, type DepthwiseConfig, type SeparableConfig, type TransposedConfig, type WindowConfig } from '../../layers/convolution.ts'
import { slide } from '../../layers/shapes.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import { spreadKernel } from '../constants.ts'
import type { Value } from '../graph.ts'
import type { Dilated } from '../operators.ts'
import { activate } from './activations.ts'
import { asImage, channelsBack, channelsLast } from './layout.ts'
import { unary, weightOf, type Lowering, type Weights } from './lowering.ts'

export const convolution: Lowering<ConvolutionConfig> = unary((g, c, x, weights) => {
  const { input, window } = paddedAhead(g, c, channelsLast(g, x, c.format))
  const [kernel, bias] = [weightOf(weights, 'kernel'), biasOf(c, weights)]
  if (c.groups === 1) return finished(g, c, slid(g, window, input, kernel, bias))
  const [inputs, kernels, biases] = [g.split(input, c.groups), g.split(kernel, c.groups), bias === undefined ? undefined : g.split(bias, c.groups)]
  return finished(g, c, g.concat(inputs.map((part, group) => slid(g, window, part, kernels[group]!, biases?.[group])), -1))
})

export const depthwise: Lowering<DepthwiseConfig> = unary((g, c, x, weights) => {
  const { input, window } = paddedAhead(g, c, channelsLast(g, x, c.format))
  return finished(g, c, perChannel(g, window, input, weightOf(weights, 'kernel'), biasOf(c, weights)))
})

export const separable: Lowering<SeparableConfig> = unary((g, c, x, weights) => {
  const { input, window } = paddedAhead(g, c, channelsLast(g, x, c.format))
  const ones = c.strides.map(() => 1)
  const between = perChannel(g, window, input, weightOf(weights, 'depthwise_kernel'), undefined)
  return finished(g, c, slid(g, { strides: ones, dilation: ones, padding: 'valid' }, between, weightOf(weights, 'pointwise_kernel'), biasOf(c, weights)))
})

export const transposed: Lowering<TransposedConfig> = unary((g, c, x, weights) => {
  const input = channelsLast(g, x, c.format)
  const given = weightOf(weights, 'kernel')
  const wide = spreadKernel(given.numbers as Float32Array, given.shape as readonly number[], c.dilation)
  const kernel = c.dilation.every((rate) => rate === 1) ? given : g.constant(wide.numbers, wide.shape, 'kernel')
  const y = spread(g, c, input, kernel)
  return finished(g, c, c.useBias ? g.add(y, weightOf(weights, 'bias')) : y)
})

/** The axes as they came, then the activation: softmax is along the last axis whatever it is. */
function finished (g: GraphBuilder, c: WindowConfig, y: Value): Value {
  return activate(g, c.activation, channelsBack(g, y, c.format))
}

function biasOf (c: WindowConfig, weights: Weights): Value | undefined {
  return c.useBias ? weightOf(weights, 'bias') : undefined
}

function paddedAhead (g: GraphBuilder, { strides, dilation, padding, kernelSize }: WindowConfig, input: Value): { input: Value, window: Dilated } {
  if (padding !== 'causal') return { input, window: { strides, dilation, padding } }
  return { input: g.pad(input, [[0, 0], [(kernelSize[0]! - 1) * dilation[0]!, 0], [0, 0]]), window: { strides, dilation, padding: 'valid' } }
}

function slid (g: GraphBuilder, window: Dilated, x: Value, kernel: Value, bias: Value | undefined): Value {
  if (x.shape.length === 3) return asImage(g, x, (image) => slid(g, oneRow(window), image, g.reshape(kernel, [1, ...kernel.shape]), bias))
  return g.apply(x.shape.length === 4 ? 'conv2d' : 'conv3d', withBias([x, kernel], bias), outputShape(window, x, kernel, kernel.shape.at(-1)!), window)
}

function perChannel (g: GraphBuilder, window: Dilated, x: Value, kernel: Value, bias: Value | undefined): Value {
  // The operator may take one stride for both axes only, and the single row is the first of any stride.
  if (x.shape.length === 3) {
    const row = { ...oneRow(window), strides: [window.strides[0]!, window.strides[0]!] }
    return asImage(g, x, (image) => perChannel(g, row, image, g.reshape(kernel, [1, ...kernel.shape]), bias))
  }
  const channels = kernel.shape[2]! * kernel.shape[3]!
  return g.apply('depthwise', withBias([x, kernel], bias), outputShape(window, x, kernel, channels), window)
}

function spread (g: GraphBuilder, c: TransposedConfig, x: Value, kernel: Value): Value {
  const { strides, padding, filters } = c
  const spatial = x.shape.slice(1, -1)
  const sizes = knownShape(spreadSizes(c, spatial), g.layer)
  const run = (input: Value, weight: Value, attributes: { strides: readonly number[], sizes: readonly number[] }) =>
    g.apply(input.shape.length === 4 ? 'transposed2d' : 'transposed3d', [input, weight], [input.shape[0]!, ...attributes.sizes, filters], { ...attributes, padding })
  if (c.rank > 1) return run(x, kernel, { strides, sizes })
  return asImage(g, x, (image) => run(image, g.reshape(kernel, [1, ...kernel.shape]), { strides: [1, ...strides], sizes: [1, ...sizes] }))
}

function withBias (inputs: readonly Value[], bias: Value | undefined): Value[] {
  return bias === undefined ? [...inputs] : [...inputs, bias]
}

function oneRow (window: Dilated): Dilated {
  return { padding: window.padding, strides: [1, ...window.strides], dilation: [1, ...window.dilation] }
}

function outputShape (window: Dilated, x: Value, kernel: Value, channels: number | null): Array<number | null> {
  const sizes = kernel.shape.slice(0, x.shape.length - 2) as number[]
  return [x.shape[0]!, ...slide(x.shape.slice(1, -1), { ...window, sizes }), channels]
}
