/** Convolutions and pooling in ONNX, which has the channels in front. */
import { EspalierError } from '../../../errors.ts'
import type { Value } from '../graph.ts'
import type { Dilated, Pooling, Sliding, Spread } from '../operators.ts'
import type { OnnxEncoder } from './encoder.ts'
import type { Attribute } from './messages.ts'

/** Runs a node on [batch, channels, ...positions]. */
export function inFront (e: OnnxEncoder, x: Value, y: Value, run: (image: string) => string): void {
  const rank = x.shape.length
  const positions = Array.from({ length: rank - 2 }, (_, axis) => axis + 1)
  const image = e.between('Transpose', [e.name(x)], { perm: [0, rank - 1, ...positions] })
  e.add('Transpose', [run(image)], y.name, { perm: [0, ...positions.map((axis) => axis + 1), 1] })
}

export function convolution (e: OnnxEncoder, inputs: readonly Value[], y: Value, window: Dilated, layer: string): void {
  const [x, kernel] = inputs
  const rank = kernel!.shape.length
  const weights = e.product('convolution', inputs, 0, [rank - 1, rank - 2, ...positionsOf(rank)])
  inFront(e, x!, y, (image) => e.between('Conv', [image, ...weights], dilated(window, x!, kernel!, layer)))
}

/** One group for each channel. */
export function depthwise (e: OnnxEncoder, inputs: readonly Value[], y: Value, window: Dilated, layer: string): void {
  const [x, kernel] = inputs
  const [height, width, channels, multiplier] = kernel!.shape as [number, number, number, number]
  const weights = e.product('convolution', inputs, 0, [2, 3, 0, 1], [channels * multiplier, 1, height, width])
  inFront(e, x!, y, (image) => e.between('Conv', [image, ...weights], { ...dilated(window, x!, kernel!, layer), group: channels }))
}

/** What TensorFlow's gradient of a convolution leaves out at both ends; output that no window reaches is added behind. */
export function transposed (e: OnnxEncoder, [x, kernel]: readonly Value[], y: Value, { strides, padding, sizes }: Spread): void {
  const rank = kernel!.shape.length
  const [weights] = e.product('convolution', [x!, kernel!], 1, [rank - 1, rank - 2, ...positionsOf(rank)])
  const ends = sizes.map((size, axis) => {
    const [stride, window] = [strides[axis]!, kernel!.shape[axis]!]
    const total = padding === 'valid' ? 0 : Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0)
    const before = Math.floor(total / 2)
    return { before, after: (x!.shape[axis + 1]! - 1) * stride + window - before - size }
  })
  const pads = [...ends.map(({ before }) => before), ...ends.map(({ after }) => Math.max(after, 0))]
  inFront(e, x!, y, (image) => e.between('ConvTranspose', [image, weights!], { strides, pads, output_padding: ends.map(({ after }) => Math.max(-after, 0)) }))
}

export function pooling (e: OnnxEncoder, operator: 'MaxPool' | 'AveragePool', x: Value, y: Value, window: Pooling): void {
  inFront(e, x, y, (image) => e.between(operator, [image], { ...sliding(window), kernel_shape: window.size }))
}

function sliding ({ strides, padding }: Sliding): { strides: readonly number[], auto_pad: string } {
  return { strides, auto_pad: padding === 'same' ? 'SAME_UPPER' : 'VALID' }
}

/** onnxruntime pads dilated windows by numbers alone. */
function dilated (window: Dilated, x: Value, kernel: Value, layer: string): Readonly<Record<string, Attribute>> {
  const { strides, padding, dilation } = window
  if (padding === 'valid' || dilation.every((rate) => rate === 1)) return { ...sliding(window), dilations: dilation }
  const ends = strides.map((stride, axis) => {
    const size = x.shape[axis + 1] ?? null
    if (size === null) throw new EspalierError('unsupported-layer', `the layer "${layer}" cannot be exported to ONNX: its input has a size that is only known with the data, around which a dilated convolution cannot be padded`, { layer })
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + (kernel.shape[axis]! - 1) * dilation[axis]! + 1 - size, 0)
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const
  })
  return { strides, dilations: dilation, pads: [...ends.map(([before]) => before), ...ends.map(([, after]) => after)] }
}

function positionsOf (rank: number): number[] {
  return Array.from({ length: rank - 2 }, (_, axis) => axis)
}
