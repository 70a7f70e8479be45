/** ONNX with weights of four bits: kernels of dense layers in blocks with a scale each, those of convolutions in int8. Activations stay float32. */
import type { ExportGraph } from '../graph.ts'
import { writeOnnx } from './encode.ts'
import type { Rounding } from './encoder.ts'
import { ROUNDING } from './int8.ts'
import { BLOCKS_VERSION } from './messages.ts'

/** Inputs of one output that share a scale. */
const BLOCK = 32

/** Stored numbers are -7 to 7: without -8 a weight and its opposite round alike. */
const LARGEST = 7

export function writeOnnxInt4 (graph: ExportGraph): Uint8Array {
  return writeOnnx(graph, { rounding: IN_BLOCKS, version: BLOCKS_VERSION })
}

const IN_BLOCKS: Rounding = {
  kernel (e, kernel) {
    if (kernel.operator === 'convolution') return { name: ROUNDING.kernel(e, kernel).name }
    const { name, values, shape } = kernel
    const [inputs, units] = shape as [number, number]
    const { data, scales } = quantizeBlocks(values, inputs, units)
    const given = [e.constant(name, shape, 'int4', data), e.constant('scales', [scales.length / units, units], 'float32', scales)]
    return { name: e.between('DequantizeLinear', given, { axis: 0, block_size: BLOCK }) }
  },
}

/** Of a row-major kernel [inputs, units]; two numbers to a byte, the first in the lower half. Scales are [blocks, units]. */
export function quantizeBlocks (values: Float32Array, inputs: number, units: number): { data: Uint8Array, scales: Float32Array } {
  const scales = new Float32Array(Math.ceil(inputs / BLOCK) * units)
  const scaleAt = (at: number): number => Math.floor(Math.floor(at / units) / BLOCK) * units + at % units
  values.forEach((value, at) => { scales[scaleAt(at)] = Math.max(scales[scaleAt(at)]!, Math.abs(value) / LARGEST) })
  // A block of zeros may have any scale.
  const steps = scales.map((scale) => scale === 0 ? 1 : scale)
  const data = new Uint8Array(Math.ceil(values.length / 2))
  values.forEach((value, at) => {
    const stored = Math.min(Math.max(Math.round(value / steps[scaleAt(at)]!), -LARGEST), LARGEST)
    data[at >> 1]! |= (stored & 15) << (at % 2 * 4)
  })
  return { data, scales: steps }
}
